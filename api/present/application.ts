import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  maskSecrets,
} from '../../operator/index.ts';

const presented = new WeakMap<KubeObject, JsonObject>();

/**
 * An Application as clients know it (`spec/api.md` 0.2): neither apiVersion nor kind; the parts that Go
 * always writes are there even when they are empty, and what is false, zero or empty is left out elsewhere.
 * Made once for each object: those of a store are sent to many.
 */
export function presentApplication(raw: KubeObject): JsonObject {
  let known = presented.get(raw);
  if (known === undefined) {
    known = present(raw);
    presented.set(raw, known);
  }
  return known;
}

function present(raw: KubeObject): JsonObject {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = raw as JsonObject;
  const { managedFields: _dropped, ...meta } = part(metadata);
  const spec = part(withoutZeros(rest['spec']));
  const status = withMaskedState(part(withoutZeros(rest['status'])));
  const sync = part(status['sync']);
  const comparedTo = part(sync['comparedTo']);
  const operation = rest['operation'];
  return {
    metadata: { creationTimestamp: null, ...withoutZeros(meta) },
    spec: { ...spec, destination: part(spec['destination']), project: spec['project'] ?? '' },
    status: {
      ...status,
      health: part(status['health']),
      summary: part(status['summary']),
      sync: {
        status: '',
        ...sync,
        comparedTo: {
          ...comparedTo,
          source: { repoURL: '', ...part(comparedTo['source']) },
          destination: part(comparedTo['destination']),
        },
      },
    },
    ...(isMap(operation) && { operation: withMaskedManifests(part(withoutZeros(operation))) }),
  };
}

/** The spec alone, as the answer to who wrote it. */
export function presentSpec(raw: KubeObject): JsonObject {
  return part(presentApplication(raw)['spec']);
}

function part(value: unknown): JsonObject {
  return isMap(value) ? value : {};
}

function isMap(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withMaskedState(status: JsonObject): JsonObject {
  const state = status['operationState'];
  if (!isMap(state) || !isMap(state['operation'])) return status;
  const operation = withMaskedManifests(state['operation']);
  return { ...status, operationState: { ...state, operation } };
}

/** Manifests that somebody synced instead of those in Git: others may see that, and not what Secrets hold. */
function withMaskedManifests(operation: JsonObject): JsonObject {
  const { sync } = operation;
  if (!isMap(sync) || !Array.isArray(sync['manifests'])) return operation;
  const manifests = sync['manifests'] as readonly JsonValue[];
  return { ...operation, sync: { ...sync, manifests: manifests.map(maskManifest) } };
}

function maskManifest(manifest: JsonValue): string {
  let object: unknown;
  try {
    object = JSON.parse(typeof manifest === 'string' ? manifest : '');
  } catch {
    return HIDDEN; // nobody can tell what it is
  }
  if (!isMap(object)) return HIDDEN;
  const { items } = object;
  if (!Array.isArray(items)) return JSON.stringify(masked(object));
  return JSON.stringify({
    ...object,
    items: items.map((item) => (isMap(item) ? masked(item) : HIDDEN)),
  });
}

const HIDDEN = '***';

function masked(object: JsonObject): KubeObject {
  const metadata = part(object['metadata']);
  const [shown] = maskSecrets([{ ...object, metadata } as KubeObject] as const);
  return shown;
}

/** Members that are written whatever their value is, or whose zero means something. */
const KEPT: ReadonlySet<string> = new Set([
  'count',
  'enabled',
  'factor',
  'group',
  'id',
  'kind',
  'message',
  'name',
  'namespace',
  'phase',
  'project',
  'repoURL',
  'revisionHistoryLimit',
  'startedAt',
  'status',
  'targetBranch',
  'type',
  'value',
  'version',
]);

/** Members whose own members are data of people. */
const DATA: ReadonlySet<string> = new Set([
  'annotations',
  'commonAnnotations',
  'commonLabels',
  'labels',
  'map',
  'options',
  'valuesObject',
]);

function withoutZeros<T extends JsonValue | undefined>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutZeros) as unknown as T;
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, JsonValue | undefined> = {};
  for (const [name, inner] of Object.entries(value as JsonObject)) {
    if (inner === null || inner === undefined) continue;
    if (!KEPT.has(name) && isZero(inner, DATA.has(name))) continue;
    kept[name] = DATA.has(name) ? inner : withoutZeros(inner);
  }
  return kept as T;
}

/** Of maps only those of data: an empty block, such as `automated: {}`, says something. */
function isZero(value: JsonValue, isData: boolean): boolean {
  if (value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isData && typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
