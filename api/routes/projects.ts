import * as z from 'zod/mini';
import type { JsonObject } from '../../operator/index.ts';
import {
  createProject,
  createRoleToken,
  deleteProject,
  deleteRoleToken,
  detailedProject,
  getProject,
  globalProjectsOf,
  listProjects,
  openWindowsOf,
  projectEvents,
  projectLinks,
  type SentProject,
  updateProject,
} from '../../operator/services/index.ts';
import { nullWhenEmpty, withoutZero } from '../present/without-zero.ts';
import { selectFields } from '../http/select-fields.ts';
import { presentCluster } from '../present/cluster.ts';
import { presentEvent, presentProject } from '../present/plain-object.ts';
import { presentRepositoryName } from '../present/repository.ts';
import { json, type Route, route, type RouteAccess } from '../route.ts';
import { anything, flag, text, textMap, texts, whole } from './shapes.ts';

const project = z.optional(
  z.object({
    metadata: z.optional(
      z.object({ name: text, labels: textMap, annotations: textMap, finalizers: texts }),
    ),
    spec: anything,
  }),
);

type Sent = z.infer<typeof project>;

const needs = (action: string): RouteAccess => ({ type: 'needs', resource: 'projects', action });

const TOKENS: RouteAccess = {
  type: 'own-rule',
  rule: '`projects, update`, or whoever is in a group of the role',
};

/** AppProjects. */
export const projectRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/projects',
    summary: 'Projects that one may see',
    access: { type: 'filtered', resource: 'projects', action: 'get' },
    query: z.object({ fields: text }),
    answer({ requester, query: { fields = '' } }, controlPlane) {
      const items = listProjects(controlPlane, requester).map(presentProject);
      return json(selectFields(fields)({ metadata: {}, items }));
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/projects',
    summary: 'Creates a project',
    access: needs('create'),
    body: z.object({ project, upsert: flag }),
    async answer({ body, requester, signal }, controlPlane) {
      const { upsert = false } = body;
      const wanted = { project: sent(body.project), upsert };
      return json(presentProject(await createProject(controlPlane, requester, wanted, signal)));
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/projects/{name}',
    summary: 'One project',
    access: needs('get'),
    answer: ({ params, requester }, controlPlane) =>
      json(presentProject(getProject(controlPlane, requester, params['name'] ?? ''))),
  }),
  route({
    method: 'put',
    path: '/api/v1/projects/{project.metadata.name}',
    summary:
      'Replaces the spec of a project; what it gives out or takes back needs update on the clusters and repositories too',
    access: needs('update'),
    body: z.object({ project }),
    async answer({ params, body, requester, signal }, controlPlane) {
      const name = params['project.metadata.name'] ?? '';
      const wanted = { name, project: sent(body.project) };
      return json(presentProject(await updateProject(controlPlane, requester, wanted, signal)));
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/projects/{name}',
    summary: 'Deletes a project that nobody uses',
    access: needs('delete'),
    async answer({ params, requester, signal }, controlPlane) {
      await deleteProject(controlPlane, requester, params['name'] ?? '', signal);
      return json({});
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/projects/{name}/detailed',
    summary: 'A project with its global projects, and the clusters and repositories it may use',
    access: needs('get'),
    answer({ params, requester }, controlPlane) {
      const found = detailedProject(controlPlane, requester, params['name'] ?? '');
      return json({
        project: presentProject(found.project),
        ...withoutZero({
          globalProjects: found.globalProjects.map(presentProject),
          repositories: found.repositories.map(presentRepositoryName),
          clusters: found.clusters.map(presentCluster),
        }),
      });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/projects/{name}/globalprojects',
    summary: 'Global projects whose lists count for it',
    access: needs('get'),
    answer({ params, requester }, controlPlane) {
      const found = globalProjectsOf(controlPlane, requester, params['name'] ?? '');
      return json(found.length === 0 ? {} : { items: found.map(presentProject) });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/projects/{name}/events',
    summary: 'Events of a project',
    access: needs('get'),
    async answer({ params, requester, signal }, controlPlane) {
      const events = await projectEvents(controlPlane, requester, params['name'] ?? '', signal);
      return json({ metadata: {}, items: nullWhenEmpty(events.map(presentEvent)) });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/projects/{name}/syncwindows',
    summary: 'Sync windows of a project that are open now',
    access: needs('get'),
    answer({ params, requester }, controlPlane) {
      const windows = openWindowsOf(controlPlane, requester, params['name'] ?? '');
      return json(windows.length === 0 ? {} : { windows });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/projects/{name}/links',
    summary: 'Links of `project.links`, as they are for a project',
    access: needs('get'),
    async answer({ params, requester, signal }, controlPlane) {
      const found = await projectLinks(controlPlane, requester, params['name'] ?? '', signal);
      return json(found.length > 0 ? { items: found } : {});
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/projects/{project}/roles/{role}/token',
    summary: 'Makes a token for a role of a project',
    access: TOKENS,
    body: z.object({ description: text, expiresIn: whole, id: text }),
    async answer({ params, body, requester, signal }, controlPlane) {
      const { expiresIn = 0, id = '' } = body;
      const wanted = { ...roleOf(params), id, lifetimeMs: expiresIn * 1_000 };
      return json({ token: await createRoleToken(controlPlane, requester, wanted, signal) });
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/projects/{project}/roles/{role}/token/{iat}',
    summary: 'Revokes a token of a role, by its id or by when it was made',
    access: TOKENS,
    query: z.object({ id: text }),
    async answer({ params, query: { id = '' }, requester, signal }, controlPlane) {
      const wanted = { ...roleOf(params), id, issuedAt: Number(params['iat']) };
      await deleteRoleToken(controlPlane, requester, wanted, signal);
      return json({});
    },
  }),
];

/** Labels and the like that are not sent stay absent; the service reads the rest. */
function sent(given: Sent): SentProject {
  const { metadata = {}, spec = {} } = given ?? {};
  return { metadata: metadata as SentProject['metadata'], spec: spec as JsonObject };
}

function roleOf(params: Readonly<Record<string, string>>) {
  return { project: params['project'] ?? '', role: params['role'] ?? '' };
}
