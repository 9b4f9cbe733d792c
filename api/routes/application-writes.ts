import * as z from 'zod/mini';
import { type JsonValue, TiphysError } from '../../operator/index.ts';
import {
  createApplication,
  deleteApplication,
  patchApplication,
  readApplication,
  readSpec,
  updateApplication,
  updateApplicationSpec,
} from '../../operator/services/index.ts';
import { presentApplication, presentSpec } from '../present/application.ts';
import { json, type Route, route } from '../route.ts';
import { text, wantedOf, WHICH } from './which-application.ts';

const flag = z.optional(z.boolean());
const needs = (action: string) => ({ type: 'needs', resource: 'applications', action }) as const;

/** Changing Applications themselves. */
export const applicationWriteRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/applications',
    summary: 'Creates an Application, or with `upsert` changes it',
    access: needs('create'),
    query: z.object({ upsert: flag, validate: flag }),
    body: 'any',
    async answer({ query, body, requester, signal }, controlPlane) {
      const { upsert = false, validate = true } = query;
      const sent = readApplication(body);
      const options = { upsert, validate };
      const app = await createApplication(controlPlane, requester, sent, options, signal);
      return json(presentApplication(app));
    },
  }),
  route({
    method: 'put',
    path: '/api/v1/applications/{application.metadata.name}',
    summary: 'Changes spec, labels, annotations and finalizers of an Application',
    access: needs('update'),
    query: z.object({ validate: flag, project: text }),
    body: 'any',
    async answer({ params, query, body, requester, signal }, controlPlane) {
      const name = params['application.metadata.name'] ?? '';
      const sent = { ...readApplication(withName(body, name)), name };
      const wanted = { name, namespace: sent.namespace, project: query.project ?? '' };
      const input = { sent, validate: query.validate ?? true };
      const app = await updateApplication(controlPlane, requester, wanted, input, signal);
      return json(presentApplication(app));
    },
  }),
  route({
    method: 'put',
    path: '/api/v1/applications/{name}/spec',
    summary: 'Changes the spec of an Application',
    access: needs('update'),
    query: z.object({ ...WHICH, validate: flag }),
    body: 'any',
    async answer({ params, query, body, requester, signal }, controlPlane) {
      const wanted = wantedOf(params, query);
      const spec = readSpec(body, wanted.name);
      const input = { spec, validate: query.validate ?? true };
      const app = await updateApplicationSpec(controlPlane, requester, wanted, input, signal);
      return json(presentSpec(app));
    },
  }),
  route({
    method: 'patch',
    path: '/api/v1/applications/{name}',
    summary: 'Changes an Application by a JSON patch or a merge patch',
    access: needs('update'),
    body: z.object({ ...WHICH, patch: text, patchType: text }),
    async answer({ params, body, requester, signal }, controlPlane) {
      const input = { type: patchTypeOf(body.patchType), patch: patchOf(body.patch) };
      const wanted = wantedOf(params, body);
      const app = await patchApplication(controlPlane, requester, wanted, input, signal);
      return json(presentApplication(app));
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/applications/{name}',
    summary: 'Deletes an Application, with what it deployed unless `cascade=false`',
    access: needs('delete'),
    query: z.object({ ...WHICH, cascade: flag, propagationPolicy: text }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const { cascade = true, propagationPolicy = '' } = query;
      const input = { cascade, propagationPolicy };
      await deleteApplication(controlPlane, requester, wantedOf(params, query), input, signal);
      return json({});
    },
  }),
];

/** The name in the path is the one that counts. */
function withName(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { metadata, ...rest } = body as { readonly metadata?: unknown };
  return { ...rest, metadata: { ...(metadata as object | null | undefined), name } };
}

function patchTypeOf(type = ''): 'json' | 'merge' {
  if (type === '' || type === 'json') return 'json';
  if (type === 'merge') return 'merge';
  throw new TiphysError(
    'InvalidRequest',
    `patchType: must be json or merge, is "${type.slice(0, 100)}"`,
  );
}

function patchOf(patch = ''): JsonValue {
  try {
    return JSON.parse(patch) as JsonValue;
  } catch (cause) {
    throw new TiphysError('InvalidRequest', 'patch: is not JSON', { cause });
  }
}
