import * as z from 'zod/mini';
import {
  deleteResource,
  listActions,
  listEvents,
  patchResource,
  readResource,
  runAction,
  serverSideDiff,
} from '../../operator/services/index.ts';
import { presentAction } from '../present/action.ts';
import { presentEvent } from '../present/plain-object.ts';
import { nullWhenEmpty } from '../present/without-zero.ts';
import { json, type Route, route } from '../route.ts';
import { text, texts, wantedOf, WHICH } from './which-application.ts';
import { flag, RESOURCE, resourceOf } from './which-resource.ts';

const needs = (action: string) => ({ type: 'needs', resource: 'applications', action }) as const;

const ONE = z.object({ ...WHICH, ...RESOURCE });

/** Single objects of an Application. */
export const applicationResourceRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/resource',
    summary: 'An object of an Application, Secrets masked',
    access: needs('get'),
    query: ONE,
    async answer({ params, query, requester, signal }, controlPlane) {
      const request = { app: wantedOf(params, query), resource: resourceOf(query) };
      const object = await readResource(controlPlane, requester, request, signal);
      return json({ manifest: JSON.stringify(object) });
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/applications/{name}/resource',
    summary: 'Patches an object of an Application',
    access: needs('update/<group>/<kind>/<namespace>/<name>'),
    query: z.object({ ...WHICH, ...RESOURCE, patchType: text }),
    body: 'text',
    async answer({ params, query, body, requester, signal }, controlPlane) {
      const request = {
        app: wantedOf(params, query),
        resource: resourceOf(query),
        patch: body,
        patchType: query.patchType ?? '',
      };
      const object = await patchResource(controlPlane, requester, request, signal);
      return json({ manifest: JSON.stringify(object) });
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/applications/{name}/resource',
    summary: 'Deletes an object of an Application',
    access: needs('delete/<group>/<kind>/<namespace>/<name>'),
    query: z.object({ ...WHICH, ...RESOURCE, force: flag, orphan: flag }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const { force = false, orphan = false } = query;
      const request = { app: wantedOf(params, query), resource: resourceOf(query), force, orphan };
      await deleteResource(controlPlane, requester, request, signal);
      return json({});
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/resource/actions',
    summary: 'What can be done to an object of an Application',
    access: needs('get'),
    query: ONE,
    async answer({ params, query, requester, signal }, controlPlane) {
      const request = { app: wantedOf(params, query), resource: resourceOf(query) };
      const actions = await listActions(controlPlane, requester, request, signal);
      return json(actions.length === 0 ? {} : { actions: actions.map(presentAction) });
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/applications/{name}/resource/actions/v2',
    summary: 'Runs an action on an object of an Application',
    access: needs('action/<group>/<kind>/<action>'),
    body: z.object({
      ...WHICH,
      ...RESOURCE,
      action: text,
      resourceActionParameters: z.optional(
        z.array(z.object({ name: z.string(), value: z.string() })),
      ),
    }),
    async answer({ params, body, requester, signal }, controlPlane) {
      const { action = '', resourceActionParameters = [] } = body;
      const parameters = Object.fromEntries(
        resourceActionParameters.map(({ name, value }) => [name, value]),
      );
      const command = { app: wantedOf(params, body), resource: resourceOf(body) };
      await runAction(controlPlane, requester, { ...command, action, parameters }, signal);
      return json({});
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/applications/{name}/resource/actions',
    summary: 'The older way to run an action, without parameters',
    access: needs('action/<group>/<kind>/<action>'),
    query: ONE,
    body: 'text',
    async answer({ params, query, body: action, requester, signal }, controlPlane) {
      const command = { app: wantedOf(params, query), resource: resourceOf(query) };
      await runAction(controlPlane, requester, { ...command, action, parameters: {} }, signal);
      return json({});
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/events',
    summary: 'Events of an Application, or of one of its objects',
    access: needs('get'),
    query: z.object({ ...WHICH, resourceNamespace: text, resourceName: text, resourceUID: text }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const { resourceNamespace: namespace = '', resourceName: name = '' } = query;
      const app = wantedOf(params, query);
      const request = { app, namespace, name, uid: query.resourceUID ?? '' };
      const events = await listEvents(controlPlane, requester, request, signal);
      return json({ metadata: {}, items: nullWhenEmpty(events.map(presentEvent)) });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{appName}/server-side-diff',
    summary: 'What applying would change, as the API server says',
    access: needs('get'),
    query: z.object({ ...WHICH, targetManifests: texts }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const app = wantedOf({ name: params['appName'] ?? '' }, query);
      const request = { app, targetManifests: query.targetManifests ?? [] };
      const { items, modified } = await serverSideDiff(controlPlane, requester, request, signal);
      return json({ ...(items.length > 0 && { items }), modified });
    },
  }),
];
