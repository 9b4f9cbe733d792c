import * as z from 'zod/mini';
import {
  readSyncWindows,
  rollbackApplication,
  syncApplication,
  terminateOperation,
} from '../../operator/services/index.ts';
import { presentApplication } from '../present/application.ts';
import { json, type Route, route } from '../route.ts';
import { text, texts, wantedOf, WHICH } from './which-application.ts';

const flag = z.optional(z.boolean());
const whole = z.optional(z.int());
const force = z.optional(z.object({ force: flag }));
const needs = (action: string) => ({ type: 'needs', resource: 'applications', action }) as const;

const SYNC = z.object({
  ...WHICH,
  revision: text,
  dryRun: flag,
  prune: flag,
  strategy: z.optional(z.object({ apply: force, hook: force })),
  resources: z.optional(
    z.array(z.object({ group: text, kind: z.string(), name: z.string(), namespace: text })),
  ),
  manifests: texts,
  infos: z.optional(z.array(z.object({ name: z.string(), value: z.string() }))),
  retryStrategy: z.optional(
    z.object({
      limit: whole,
      refresh: flag,
      backoff: z.optional(z.object({ duration: text, factor: whole, maxDuration: text })),
    }),
  ),
  syncOptions: z.optional(z.object({ items: texts })),
  sourcePositions: z.optional(z.array(z.int())),
  revisions: texts,
});

/** Operations of Applications, and what holds them back. */
export const operationRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/applications/{name}/sync',
    summary: 'Starts a sync; with `manifests` it needs `override` too',
    access: needs('sync'),
    body: SYNC,
    async answer({ params, body, requester, signal }, controlPlane) {
      const { syncOptions, ...rest } = body;
      const asked = { ...rest, syncOptions: syncOptions?.items };
      const wanted = wantedOf(params, body);
      const app = await syncApplication(controlPlane, requester, wanted, asked, signal);
      return json(presentApplication(app));
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/applications/{name}/rollback',
    summary: 'Syncs what was deployed before, by its id in the history',
    access: needs('sync'),
    body: z.object({ ...WHICH, id: whole, dryRun: flag, prune: flag }),
    async answer({ params, body, requester, signal }, controlPlane) {
      const { id = 0, dryRun = false, prune = false } = body;
      const wanted = wantedOf(params, body);
      const asked = { id, dryRun, prune };
      const app = await rollbackApplication(controlPlane, requester, wanted, asked, signal);
      return json(presentApplication(app));
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/applications/{name}/operation',
    summary: 'Terminates the operation that runs',
    access: needs('sync'),
    query: z.object(WHICH),
    async answer({ params, query, requester, signal }, controlPlane) {
      await terminateOperation(controlPlane, requester, wantedOf(params, query), signal);
      return json({});
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/syncwindows',
    summary:
      'The sync windows of an Application, those that are open, and whether it may be synced now',
    access: needs('get'),
    query: z.object(WHICH),
    async answer({ params, query, requester, signal }, controlPlane) {
      const wanted = wantedOf(params, query);
      const windows = await readSyncWindows(controlPlane, requester, wanted, signal);
      return json({
        ...(windows.active.length > 0 && { activeWindows: windows.active.map(presentWindow) }),
        ...(windows.assigned.length > 0 && {
          assignedWindows: windows.assigned.map(presentWindow),
        }),
        canSync: windows.canSync,
      });
    },
  }),
];

interface Window {
  readonly kind?: string | undefined;
  readonly schedule?: string | undefined;
  readonly duration?: string | undefined;
  readonly manualSync?: boolean | undefined;
}

function presentWindow({
  kind = '',
  schedule = '',
  duration = '',
  manualSync = false,
}: Window): object {
  return { kind, schedule, duration, manualSync };
}
