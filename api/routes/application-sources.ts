import * as z from 'zod/mini';
import { TiphysError } from '../../operator/index.ts';
import {
  readChart,
  readImage,
  readLinks,
  readManifests,
  readResourceLinks,
  readRevision,
} from '../../operator/services/index.ts';
import { json, type Route, route } from '../route.ts';
import { text, texts, wantedOf, WHICH } from './which-application.ts';
import { RESOURCE, resourceOf } from './which-resource.ts';

const GET = { type: 'needs', resource: 'applications', action: 'get' } as const;
const whole = z.optional(z.int());
const REVISION = z.object({ ...WHICH, sourceIndex: whole, versionId: whole });
/** What other routes call `appNamespace` is called `namespace` here. */
const LINKS = z.object({ namespace: text, project: text });

/** Where Applications come from, and where they are told of elsewhere. */
export const applicationSourceRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/manifests',
    summary: 'What an Application stands for at a revision; Secrets are masked',
    access: GET,
    query: z.object({
      ...WHICH,
      revision: text,
      sourcePositions: z.optional(z.array(z.int())),
      revisions: texts,
      noCache: z.optional(z.boolean()),
    }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const { revision, revisions, sourcePositions, noCache = false } = query;
      const app = wantedOf(params, query);
      const request = { app, revision, revisions, sourcePositions, noCache };
      const found = await readManifests(controlPlane, requester, request, signal);
      const { objects, commands, ...rest } = found;
      return json({
        manifests: objects.map((object) => JSON.stringify(object)),
        ...rest,
        ...(commands.length > 0 && { commands }),
      });
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/applications/manifestsWithFiles',
    summary: 'What files that a client sends would render to: not implemented',
    access: { type: 'own-rule', rule: 'nobody yet: it takes a stream that HTTP has no form for' },
    answer() {
      throw new TiphysError(
        'NotImplemented',
        'manifests of files that a client sends are not implemented',
        { hint: 'tiphys render APPLICATION.yaml --repo-dir FOLDER renders them where they are.' },
      );
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/revisions/{revision}/metadata',
    summary: 'Author, date, message and tags of a commit that an Application uses or used',
    access: GET,
    query: REVISION,
    async answer({ params, query, requester, signal }, controlPlane) {
      const request = revisionOf(params, query);
      const { tags, ...info } = await readRevision(controlPlane, requester, request, signal);
      return json({ ...info, ...(tags.length > 0 && { tags }) });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/revisions/{revision}/chartdetails',
    summary: 'Description, home and maintainers of a chart that an Application uses or used',
    access: GET,
    query: REVISION,
    async answer({ params, query, requester, signal }, controlPlane) {
      const request = revisionOf(params, query);
      const details = await readChart(controlPlane, requester, request, signal);
      const { description, home, maintainers } = details;
      return json({
        ...(description !== '' && { description }),
        ...(home !== '' && { home }),
        ...(maintainers.length > 0 && { maintainers }),
      });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/revisions/{revision}/ocimetadata',
    summary: 'Annotations of an OCI artifact that an Application uses or used',
    access: GET,
    query: REVISION,
    async answer({ params, query, requester, signal }, controlPlane) {
      const info = await readImage(controlPlane, requester, revisionOf(params, query), signal);
      return json(Object.fromEntries(Object.entries(info).filter(([, value]) => value !== '')));
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/links',
    summary: 'Links of `application.links`, as they are for an Application',
    access: GET,
    query: LINKS,
    async answer({ params, query, requester, signal }, controlPlane) {
      const { namespace, project } = query;
      const wanted = wantedOf(params, { appNamespace: namespace, project });
      const found = await readLinks(controlPlane, requester, wanted, signal);
      return json(found.length > 0 ? { items: found } : {});
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/resource/links',
    summary: 'Links of `resource.links`, as they are for an object',
    access: GET,
    query: z.object({ ...WHICH, ...RESOURCE }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const request = { app: wantedOf(params, query), resource: resourceOf(query) };
      const found = await readResourceLinks(controlPlane, requester, request, signal);
      return json(found.length > 0 ? { items: found } : {});
    },
  }),
];

type Params = Readonly<Record<string, string>>;

function revisionOf(params: Params, query: z.output<typeof REVISION>) {
  return {
    app: wantedOf(params, query),
    revision: params['revision'] ?? '',
    sourceIndex: query.sourceIndex ?? 0,
    versionId: query.versionId,
  };
}
