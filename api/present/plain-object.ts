import type { JsonObject, KubeObject } from '../../operator/index.ts';

/** An object as Go writes it inside of another message: neither apiVersion nor kind, nor who manages which field. */
export function presentObject(raw: KubeObject): JsonObject {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = raw as JsonObject;
  const { managedFields: _dropped, ...meta } = (metadata ?? {}) as JsonObject;
  return { metadata: { creationTimestamp: null, ...meta }, ...rest };
}

/** An AppProject; its spec and status are there even when they are empty. */
export function presentProject(raw: KubeObject): JsonObject {
  return { ...presentObject(raw), spec: raw['spec'] ?? {}, status: raw['status'] ?? {} };
}

/** An Event as it is stored: the parts that Go always writes are there. */
export function presentEvent(raw: KubeObject): JsonObject {
  return {
    ...presentObject(raw),
    involvedObject: raw['involvedObject'] ?? {},
    source: raw['source'] ?? {},
    firstTimestamp: raw['firstTimestamp'] ?? null,
    lastTimestamp: raw['lastTimestamp'] ?? null,
    eventTime: raw['eventTime'] ?? null,
    reportingComponent: raw['reportingComponent'] ?? '',
    reportingInstance: raw['reportingInstance'] ?? '',
  };
}
