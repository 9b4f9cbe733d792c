import type { JsonObject, KubeObject } from '../../operator/index.ts';

/** An Event as Go writes it: neither apiVersion nor kind, and its times are there, though they be null. */
export function presentEvent(raw: KubeObject): JsonObject {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = raw as JsonObject;
  const { managedFields: _dropped, ...meta } = metadata as JsonObject;
  return {
    metadata: { creationTimestamp: null, ...meta },
    involvedObject: {},
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
    ...rest,
  };
}
