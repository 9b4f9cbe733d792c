import * as z from 'zod/mini';
import { type LogEntry, type LogRequest, readLogs } from '../../operator/services/index.ts';
import { selectFields } from '../http/select-fields.ts';
import { presentLogEntry } from '../present/log-entry.ts';
import { type Answer, type Route, type RouteRequest, route } from '../route.ts';
import { text, wantedOf, WHICH } from './which-application.ts';
import { flag } from './which-resource.ts';

const count = z.optional(z.int().check(z.minimum(0)));
/** The end of the year 9999, which is the last that RFC 3339 can write. */
const MAX_SECONDS = 253_402_300_799;

const QUERY = z.object({
  ...WHICH,
  ...{ namespace: text, podName: text, container: text },
  ...{ group: text, kind: text, resourceName: text },
  ...{ sinceSeconds: count, tailLines: count },
  sinceTime: z.optional(
    z.object({
      seconds: z.optional(z.int().check(z.maximum(MAX_SECONDS))),
      nanos: z.optional(z.int()),
    }),
  ),
  ...{ follow: flag, previous: flag, matchCase: flag, download: flag },
  ...{ untilTime: text, filter: text, fields: text },
});

type Query = z.output<typeof QUERY>;

const access = {
  type: 'needs',
  resource: 'applications',
  action: 'get, and logs, get',
} as const;

/** Logs of the Pods of an Application. */
export const applicationLogRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/logs',
    summary: 'Logs of the Pods of an Application, merged by time',
    ...{ access, query: QUERY, answer },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}/pods/{podName}/logs',
    summary: 'The log of a Pod of an Application',
    ...{ access, query: QUERY, answer },
  }),
];

async function answer(
  { params, query, requester, signal }: RouteRequest<Query, unknown>,
  controlPlane: Parameters<typeof readLogs>[0],
): Promise<Answer> {
  const request = logRequest(params, query);
  const entries = await readLogs(controlPlane, requester, request, signal);
  if (query.download !== true)
    return { type: 'stream', messages: presented(entries), select: selectFields(query.fields) };
  return {
    type: 'raw',
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${fileName(request)}"`,
    },
    body: lines(entries),
  };
}

function logRequest(params: Readonly<Record<string, string>>, query: Query): LogRequest {
  const { sinceSeconds = 0, tailLines = 0, sinceTime, namespace = '', container = '' } = query;
  const seconds = sinceTime?.seconds ?? 0;
  return {
    app: wantedOf(params, query),
    ...{ namespace, container },
    podName: params['podName'] ?? query.podName ?? '',
    group: query.group ?? '',
    kind: query.kind ?? '',
    resourceName: query.resourceName ?? '',
    follow: query.follow ?? false,
    previous: query.previous ?? false,
    // Zero is how clients say nothing.
    ...(tailLines > 0 && { tailLines }),
    ...(sinceSeconds > 0 && { sinceSeconds }),
    ...(sinceSeconds === 0 && seconds > 0 && { sinceTime: new Date(seconds * 1000).toISOString() }),
    untilTime: query.untilTime ?? '',
    filter: query.filter ?? '',
    matchCase: query.matchCase ?? false,
  };
}

async function* presented(entries: AsyncIterable<LogEntry>): AsyncGenerator<object> {
  for await (const entry of entries) yield presentLogEntry(entry);
}

async function* lines(entries: AsyncIterable<LogEntry>): AsyncGenerator<string> {
  for await (const { content, last } of entries) if (!last) yield `${content}\n`;
}

/** Names of Kubernetes hold nothing that could break out of a header; what is not one is left out. */
function fileName({ namespace, podName, container }: LogRequest): string {
  const parts = [namespace, podName, container];
  return parts.every((part) => /^[a-z0-9][a-z0-9.-]*$/.test(part))
    ? `${parts.join('-')}.log`
    : 'log.log';
}
