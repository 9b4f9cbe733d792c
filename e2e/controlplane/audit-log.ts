import { readFile } from 'node:fs/promises';

/** One write that the API server has answered, as it tells itself. */
export interface AuditedWrite {
  /** `create`, `update`, `patch`, `delete`, `deletecollection`. */
  readonly verb: string;
  readonly group: string;
  /** Plural, such as `configmaps`. */
  readonly resource: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly userAgent: string;
  /** HTTP status of the answer. */
  readonly code: number;
  /** Nothing was stored: only asked. */
  readonly dryRun: boolean;
  /** Of a Job as it was sent: which run of a hook it is; empty for everything else. */
  readonly hookRun: string;
  /** Microseconds since 1970. */
  readonly receivedAtMicros: number;
  /** Microseconds since 1970. */
  readonly answeredAtMicros: number;
}

/** Every answered write, without bodies but those of Jobs: who wrote what and in which order, and for which run. */
export const AUDIT_POLICY: string = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
  rules: [
    { level: 'None', resources: [{ group: 'coordination.k8s.io' }, { group: 'events.k8s.io' }] },
    { level: 'Request', resources: [{ group: 'batch' }], verbs: ['create', 'patch'] },
    { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
});

interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly requestObject?: {
    readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** All writes so far in the order of their arrival. A line that is still being written is left out. */
export async function readAuditLog(path: string): Promise<readonly AuditedWrite[]> {
  const text = await readFile(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => auditedWrite(JSON.parse(line) as AuditEvent))
    .sort((one, other) => one.receivedAtMicros - other.receivedAtMicros);
}

function auditedWrite(event: AuditEvent): AuditedWrite {
  const { objectRef = {} } = event;
  return {
    verb: event.verb,
    group: objectRef.apiGroup ?? '',
    resource: objectRef.resource ?? '',
    subresource: objectRef.subresource ?? '',
    namespace: objectRef.namespace ?? '',
    name: objectRef.name ?? '',
    userAgent: event.userAgent ?? '',
    code: event.responseStatus?.code ?? 0,
    hookRun: event.requestObject?.metadata?.annotations?.['tiphys.io/hook-run'] ?? '',
    dryRun: new URL(event.requestURI, 'https://api').searchParams.has('dryRun'),
    receivedAtMicros: microseconds(event.requestReceivedTimestamp),
    answeredAtMicros: microseconds(event.stageTimestamp),
  };
}

/** `2026-01-01T00:00:00.123456Z`; `Date` alone would cut the last three digits. */
function microseconds(timestamp: string): number {
  const [, digits = '0'] = /\.(\d+)Z$/.exec(timestamp) ?? [];
  const seconds = Date.parse(timestamp.replace(/\.\d+Z$/, 'Z')) / 1000;
  return seconds * 1_000_000 + Number(digits.padEnd(6, '0').slice(0, 6));
}
