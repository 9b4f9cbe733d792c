import * as z from 'zod/mini';
import type { JsonObject } from '../../operator/index.ts';
import {
  type ClusterName,
  createCluster,
  deleteCluster,
  getCluster,
  invalidateClusterCache,
  listClusters,
  rotateClusterAuth,
  type SentCluster,
  updateCluster,
} from '../../operator/services/index.ts';
import { presentCluster } from '../present/cluster.ts';
import { json, type Route, route, type RouteAccess } from '../route.ts';
import { anything, flag, text, textMap, texts, whole } from './shapes.ts';

const cluster = z.object({
  server: text,
  name: text,
  config: anything,
  namespaces: texts,
  shard: whole,
  clusterResources: flag,
  project: text,
  labels: textMap,
  annotations: textMap,
});

const id = z.optional(z.object({ type: text, value: text }));
const byId = z.object({ id });

const needs = (action: string): RouteAccess => ({ type: 'needs', resource: 'clusters', action });
const plusIsBlank = true;

/** Clusters. `{id.value}` is the URL of the API server, or with `id.type=name` the name. */
export const clusterRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/clusters',
    summary: 'Clusters that one may see',
    access: { type: 'filtered', resource: 'clusters', action: 'get' },
    query: z.object({ server: text, name: text, id }),
    async answer({ query, requester, signal }, controlPlane) {
      const { server = '', name = '' } = query;
      const value = query.id?.value ?? '';
      const wanted: ClusterName | undefined =
        value !== ''
          ? nameOf(value, query.id?.type)
          : server !== ''
            ? { by: 'server', value: server }
            : name !== ''
              ? { by: 'name', value: name }
              : undefined;
      const found = await listClusters(controlPlane, requester, wanted, signal);
      return json({ metadata: {}, items: found.map(presentCluster) });
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/clusters',
    summary: 'Registers a cluster, after it was reached',
    access: needs('create'),
    query: z.object({ upsert: flag }),
    body: cluster,
    async answer({ query: { upsert = false }, body, requester, signal }, controlPlane) {
      const wanted = { sent: sent(body), upsert };
      return json(presentCluster(await createCluster(controlPlane, requester, wanted, signal)));
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/clusters/{id.value}',
    summary: 'One cluster',
    access: needs('get'),
    query: byId,
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      const name = nameOf(params['id.value'], query.id?.type);
      return json(presentCluster(await getCluster(controlPlane, requester, name, signal)));
    },
  }),
  route({
    method: 'put',
    path: '/api/v1/clusters/{id.value}',
    summary: 'Changes the named fields of a cluster, or all of them; its URL stays',
    access: needs('update'),
    query: z.object({ id, updatedFields: texts }),
    body: cluster,
    plusIsBlank,
    async answer({ params, query, body, requester, signal }, controlPlane) {
      const name = nameOf(params['id.value'], query.id?.type);
      const change = { name, sent: sent(body), fields: query.updatedFields ?? [] };
      return json(presentCluster(await updateCluster(controlPlane, requester, change, signal)));
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/clusters/{id.value}',
    summary: 'Removes the registration of a cluster',
    access: needs('delete'),
    query: byId,
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      const name = nameOf(params['id.value'], query.id?.type);
      await deleteCluster(controlPlane, requester, name, signal);
      return json({});
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/clusters/{id.value}/rotate-auth',
    summary: 'Gives a cluster a new token of the same service account, and removes the old one',
    access: needs('update'),
    query: byId,
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      const name = nameOf(params['id.value'], query.id?.type);
      await rotateClusterAuth(controlPlane, requester, name, signal);
      return json({});
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/clusters/{id.value}/invalidate-cache',
    summary: 'Lists everything in a cluster anew',
    access: needs('update'),
    query: byId,
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      const name = nameOf(params['id.value'], query.id?.type);
      const shown = await invalidateClusterCache(controlPlane, requester, name, signal);
      return json(presentCluster(shown));
    },
  }),
];

function nameOf(value = '', type = ''): ClusterName {
  switch (type) {
    case 'name':
      return { by: 'name', value };
    case 'name_escaped':
      return { by: 'name', value: unescape(value) };
    default:
      return { by: 'server', value };
  }
}

function unescape(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value; // no cluster has it
  }
}

function sent({ config, ...rest }: z.infer<typeof cluster>): SentCluster {
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...given, ...(config !== undefined && { config: config as JsonObject }) };
}
