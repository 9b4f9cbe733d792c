import { isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject, ManagedFieldsEntry } from '../objects/kube-object.ts';
import { CLIENT_SIDE_MANAGERS } from './last-applied.ts';
import { LAST_APPLIED_ANNOTATION } from './normalise.ts';

/**
 * The JSON patch that turns what client-side applies own (`Update` entries) into one `Apply` entry
 * of `fieldManager`, or `undefined` when there is nothing to move. The object must come straight
 * from the API server, with all of its managed fields; the patch fails when it has changed since.
 */
export function migrateManagedFields(
  object: KubeObject,
  fieldManager: string,
): JsonValue | undefined {
  const entries = object.metadata.managedFields ?? [];
  const moved = entries.filter(isClientSide);
  const resourceVersion = object.metadata.resourceVersion;
  if (moved.length === 0 || resourceVersion === undefined) return undefined;
  const isOurs = (entry: ManagedFieldsEntry): boolean =>
    entry.operation === 'Apply' &&
    entry.manager === fieldManager &&
    entry.subresource === undefined;
  const sets = [...entries.filter(isOurs), ...moved].map((entry) => entry.fieldsV1 ?? {});
  const { time: _time, ...first } = moved[0] ?? {};
  const merged: ManagedFieldsEntry = {
    ...first,
    manager: fieldManager,
    operation: 'Apply',
    fieldsV1: withoutLastApplied(sets.reduce(union, {})),
  };
  const kept = entries.filter((entry) => !isClientSide(entry) && !isOurs(entry));
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'replace', path: '/metadata/managedFields', value: [...kept, merged] },
  ];
}

function isClientSide(entry: ManagedFieldsEntry): boolean {
  return (
    entry.operation === 'Update' &&
    entry.subresource === undefined &&
    CLIENT_SIDE_MANAGERS.includes(entry.manager ?? '')
  );
}

function union(left: JsonObject, right: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = { ...left };
  for (const [step, below] of Object.entries(right)) {
    const existing = merged[step];
    merged[step] =
      isJsonObject(existing) && isJsonObject(below) ? union(existing, below) : (existing ?? below);
  }
  return merged;
}

/** The annotation belongs to kubectl; owning it would make the next apply remove it. */
function withoutLastApplied(fields: JsonObject): JsonObject {
  const metadata = fields['f:metadata'];
  const annotations = isJsonObject(metadata) ? metadata['f:annotations'] : undefined;
  if (!isJsonObject(metadata) || !isJsonObject(annotations)) return fields;
  const { [`f:${LAST_APPLIED_ANNOTATION}`]: _dropped, ...rest } = annotations;
  return { ...fields, 'f:metadata': { ...metadata, 'f:annotations': rest } };
}
