import type { JsonObject, KubeObject } from '../../operator/index.ts';

/**
 * An Application as clients know it: neither apiVersion nor kind, and the parts that Go always
 * writes are there even when they are empty (`spec/api.md` 0.2).
 */
export function presentApplication(raw: KubeObject): JsonObject {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = raw as JsonObject;
  const { managedFields: _dropped, ...meta } = part(metadata);
  const spec = part(rest['spec']);
  const status = part(rest['status']);
  const sync = part(status['sync']);
  const comparedTo = part(sync['comparedTo']);
  return {
    ...rest,
    metadata: { creationTimestamp: null, ...meta },
    spec: { ...spec, destination: part(spec['destination']), project: spec['project'] ?? '' },
    status: {
      ...status,
      health: part(status['health']),
      summary: part(status['summary']),
      sync: {
        status: '',
        ...sync,
        comparedTo: { ...comparedTo, destination: part(comparedTo['destination']) },
      },
    },
  };
}

function part(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}
