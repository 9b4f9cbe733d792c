import * as z from 'zod/mini';
import { TiphysError } from '../../operator/index.ts';
import { findDownload, readBadge, registeredNames } from '../../operator/services/index.ts';
import { drawBadge } from '../present/badge.ts';
import { type Answer, type Route, route } from '../route.ts';
import { flag, text, texts, whole } from './shapes.ts';

const MAX_WIDTH = 2_000;

/** What machines and pages of others ask, without signing in and mostly without JSON. */
export const plainRoutes: readonly Route[] = [
  route({
    method: 'all',
    path: '/api/webhook',
    summary: 'A push or an artifact, told by a Git server or a registry',
    access: { type: 'public' },
    body: 'raw',
    isGuarded: false,
    async answer({ headers, body, method }, controlPlane) {
      const { status, message } = await controlPlane.ports.receiveWebhook({
        method,
        headers,
        body,
      });
      return plainText(status, message);
    },
  }),
  route({
    method: 'get',
    path: '/api/badge',
    summary: 'Health and sync of an Application, or of projects, as a picture',
    access: { type: 'public' },
    query: z.object({
      name: text,
      namespace: text,
      project: texts,
      revision: flag,
      keepFullRevision: flag,
      showAppName: flag,
      width: whole,
    }),
    answer({ query }, controlPlane) {
      const { name = '', namespace = '', project: projects = [], width = 0 } = query;
      const state = readBadge(controlPlane, { name, namespace, projects });
      const svg = drawBadge(state, {
        name: query.showAppName === true ? name : '',
        revision: query.revision !== true ? 'none' : query.keepFullRevision ? 'full' : 'short',
        ...(width > 0 && { width: Math.min(width, MAX_WIDTH) }),
      });
      return {
        type: 'raw',
        headers: {
          'content-type': 'image/svg+xml',
          'cache-control': 'private, no-store',
          'access-control-allow-origin': '*',
          'x-content-type-options': 'nosniff',
          'content-security-policy': "default-src 'none'",
        },
        body: svg,
      };
    },
  }),
  route({
    method: 'get',
    path: '/healthz',
    summary: 'Whether the server works; with `full=true` what it is about',
    access: { type: 'public' },
    query: z.object({ full: text }),
    answer({ query: { full }, signal }, controlPlane) {
      if (signal.aborted) return plainText(503, 'stopping');
      // The names are for nobody: only that they can be read.
      if (full === 'true') registeredNames(controlPlane);
      return plainText(200, 'ok');
    },
  }),
  route({
    method: 'get',
    path: '/download/{file}',
    summary:
      'The command line for a platform, from `--api-download-dir` or where `help.download.OS-ARCH` of argocd-cm says',
    access: { type: 'public' },
    async answer({ params }, controlPlane) {
      const name = params['file'] ?? '';
      const offer = await findDownload(controlPlane, name);
      switch (offer?.type) {
        case 'here':
          return {
            type: 'raw',
            headers: {
              'content-type': 'application/octet-stream',
              'content-length': String(offer.download.bytes),
              'content-disposition': `attachment; filename="${offer.file}"`,
            },
            body: offer.download.body,
          };
        case 'elsewhere':
          return { type: 'raw', status: 302, headers: { location: offer.url }, body: '' };
        case undefined:
          throw new TiphysError('NotFound', `${name.slice(0, 100)}: is not offered here`, {
            hint: 'An administrator can set help.download.OS-ARCH in argocd-cm, or --api-download-dir.',
          });
      }
    },
  }),
];

function plainText(status: number, words: string): Answer {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return { type: 'raw', status, headers, body: `${words}\n` };
}
