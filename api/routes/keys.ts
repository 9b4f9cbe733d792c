import * as z from 'zod/mini';
import type { OpenPgpKey } from '../../operator/index.ts';
import {
  createCertificates,
  createGpgKeys,
  deleteCertificates,
  deleteGpgKey,
  getGpgKey,
  listCertificates,
  listGpgKeys,
  type ServerCertificate,
} from '../../operator/services/index.ts';
import { nullWhenEmpty, withoutZero } from '../present/without-zero.ts';
import { json, type Route, route, type RouteAccess } from '../route.ts';
import { flag, text } from './shapes.ts';

const filter = z.object({ hostNamePattern: text, certType: text, certSubType: text });

const needs = (resource: string, action: string): RouteAccess => ({
  type: 'needs',
  resource,
  action,
});

/** What proves servers of repositories to us. */
export const certificateRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/certificates',
    summary: 'Known ssh hosts, and authorities of TLS servers',
    access: needs('certificates', 'get'),
    query: filter,
    answer: ({ query, requester }, controlPlane) =>
      json(listed(listCertificates(controlPlane, requester, filterOf(query)))),
  }),
  route({
    method: 'post',
    path: '/api/v1/certificates',
    summary: 'Adds known ssh hosts, or authorities of TLS servers',
    access: needs('certificates', 'create'),
    query: z.object({ upsert: flag }),
    body: z.object({
      items: z.optional(
        z.array(z.object({ serverName: text, certType: text, certSubType: text, certData: text })),
      ),
    }),
    async answer({ query: { upsert = false }, body, requester, signal }, controlPlane) {
      const items = (body.items ?? []).map(
        ({ serverName = '', certType = '', certSubType = '', certData = '' }) => ({
          ...{ server: serverName, type: certType, subType: certSubType, data: certData },
        }),
      );
      return json(
        listed(await createCertificates(controlPlane, requester, { items, upsert }, signal)),
      );
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/certificates',
    summary: 'Removes them, and answers with what was removed',
    access: needs('certificates', 'delete'),
    query: filter,
    answer: async ({ query, requester, signal }, controlPlane) =>
      json(listed(await deleteCertificates(controlPlane, requester, filterOf(query), signal))),
  }),
];

/** Public keys by which signatures of commits are checked. */
export const gpgKeyRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/gpgkeys',
    summary: 'Public keys for signatures',
    access: needs('gpgkeys', 'get'),
    async answer({ requester, signal }, controlPlane) {
      const keys = await listGpgKeys(controlPlane, requester, signal);
      return json({ metadata: {}, items: nullWhenEmpty(keys.map((key) => presentKey(key))) });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/gpgkeys/{keyID}',
    summary: 'One public key',
    access: needs('gpgkeys', 'get'),
    async answer({ params, requester, signal }, controlPlane) {
      const key = await getGpgKey(controlPlane, requester, params['keyID'] ?? '', signal);
      return json(presentKey(key, key.armored));
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/gpgkeys',
    summary: 'Adds public keys',
    access: needs('gpgkeys', 'create'),
    query: z.object({ upsert: flag }),
    body: z.object({ keyData: text }),
    async answer({ query: { upsert = false }, body, requester, signal }, controlPlane) {
      const sent = { armored: body.keyData ?? '', upsert };
      const { created, skipped } = await createGpgKeys(controlPlane, requester, sent, signal);
      const items = created.map((key) => presentKey(key));
      return json({ created: { metadata: {}, items }, ...(skipped.length > 0 && { skipped }) });
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/gpgkeys',
    summary: 'Removes a public key',
    access: needs('gpgkeys', 'delete'),
    query: z.object({ keyID: text }),
    async answer({ query: { keyID = '' }, requester, signal }, controlPlane) {
      await deleteGpgKey(controlPlane, requester, keyID, signal);
      return json({});
    },
  }),
];

function filterOf({
  hostNamePattern = '',
  certType = '',
  certSubType = '',
}: z.infer<typeof filter>) {
  return { server: hostNamePattern, type: certType, subType: certSubType };
}

function listed(certificates: readonly ServerCertificate[]) {
  const items = certificates.map(({ server, type, subType, info }) => ({
    ...{ serverName: server, certType: type, certSubType: subType },
    ...{ certData: null, certInfo: info },
  }));
  return { metadata: {}, items: nullWhenEmpty(items) };
}

function presentKey({ keyId, fingerprint, owner, algorithm }: OpenPgpKey, keyData = '') {
  const known = { keyID: keyId, fingerprint, owner, trust: 'unknown', subType: algorithm };
  return withoutZero({ ...known, keyData });
}
