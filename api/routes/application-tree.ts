import * as z from 'zod/mini';
import { listManaged, showTree, watchTree } from '../../operator/services/index.ts';
import { selectFields } from '../http/select-fields.ts';
import { json, type Route, route } from '../route.ts';
import { text, wantedOf, WHICH } from './which-application.ts';
import { NODE, resourceOf } from './which-resource.ts';

const access = { type: 'needs', resource: 'applications', action: 'get' } as const;

/** The whole is one part here; clients look for further ones by this number. */
const presentTree = (tree: object) => ({ ...tree, shardsCount: 1 });

async function* presentTrees(trees: AsyncIterable<object>) {
  for await (const tree of trees) yield presentTree(tree);
}

/** What an Application deployed. */
export const applicationTreeRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/resource-tree',
    summary: 'The objects of an Application and what they own, with health, images and addresses',
    access,
    query: z.object({ ...WHICH, ...NODE }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const request = { app: wantedOf(params, query), filter: resourceOf(query) };
      return json(presentTree(await showTree(controlPlane, requester, request, signal)));
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/stream/applications/{name}/resource-tree',
    summary: 'The tree of an Application, again after every change',
    access,
    query: z.object({ ...WHICH, ...NODE, fields: text }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const request = { app: wantedOf(params, query), filter: resourceOf(query) };
      // What is refused is refused before the stream begins.
      await showTree(controlPlane, requester, request, signal);
      const messages = presentTrees(watchTree(controlPlane, requester, request, signal));
      return { type: 'stream', messages, select: selectFields(query.fields) };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/managed-resources',
    summary: 'Desired and live state of each object, Secrets masked',
    access,
    query: z.object({ ...WHICH, ...NODE, fields: text }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const request = { app: wantedOf(params, query), filter: resourceOf(query) };
      const items = await listManaged(controlPlane, requester, request, signal);
      return json(selectFields(query.fields)({ items }));
    },
  }),
];
