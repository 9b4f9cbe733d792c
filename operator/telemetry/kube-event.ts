import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Occurrence } from '../ports/telemetry.ts';

/** What `events.k8s.io` allows; core/v1 takes more, but other readers may not. */
const MESSAGE_BYTES = 1_024;
const OBJECT_NAME_LENGTH = 220;
const ELLIPSIS = '…';

/** The core/v1 Event of an occurrence that happened once, at `time` (RFC 3339, whole seconds). */
export function eventOf(
  { type, reason, message, object }: Occurrence,
  name: string,
  component: string,
  time: string,
): KubeObject {
  const { apiVersion, kind, namespace, uid, resourceVersion } = object;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: namespaceOf(object) },
    involvedObject: { apiVersion, kind, name: object.name, namespace, uid, resourceVersion },
    type,
    reason,
    message,
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component },
    reportingComponent: component,
    reportingInstance: component,
  };
}

/** Kubernetes wants Events of cluster-scoped objects in `default`. */
export function namespaceOf({ namespace }: Occurrence['object']): string {
  return namespace === '' ? 'default' : namespace;
}

/** `<object>.<hex>`: a valid name also when the object's own is as long as names can be. */
export function eventName(object: string, nowMs: number, serial: number): string {
  const stem = object
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .slice(0, OBJECT_NAME_LENGTH)
    .replaceAll(/^[.-]+|[.-]+$/g, '');
  return `${stem}.${nowMs.toString(16)}${serial.toString(16).padStart(4, '0')}`;
}

/** At most 1024 bytes of UTF-8, cut between characters. */
export function fitMessage(message: string): string {
  const text = message.slice(0, MESSAGE_BYTES + 1).toWellFormed();
  if (Buffer.byteLength(text) <= MESSAGE_BYTES) return text;
  const room = MESSAGE_BYTES - Buffer.byteLength(ELLIPSIS);
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(room));
  return text.slice(0, read) + ELLIPSIS;
}

/** An instant as Kubernetes writes it: whole seconds, UTC. */
export function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
