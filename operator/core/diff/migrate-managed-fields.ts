import { stepsOf, type FieldSet } from '../objects/field-set.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject, ManagedFieldsEntry } from '../objects/kube-object.ts';
import { isApplyOf, isClientSide, isCreator } from './last-applied.ts';
import { LAST_APPLIED_ANNOTATION } from './normalise.ts';

/**
 * The JSON patch that turns what client-side applies own (`Update` entries) into one `Apply` entry
 * of `fieldManager`, and takes from the object's creator what we have applied since; `undefined`
 * when there is nothing to move. Without it the API server keeps fields that we drop. The object
 * must come straight from the API server, with all of its managed fields; the patch fails when it has
 * changed since. `alsoMoved` is one more manager whose updates were client-side applies.
 */
export function migrateManagedFields(
  object: KubeObject,
  fieldManager: string,
  alsoMoved?: string,
): JsonValue | undefined {
  const entries = object.metadata.managedFields ?? [];
  const resourceVersion = object.metadata.resourceVersion;
  if (resourceVersion === undefined) return undefined;
  const ours = entries.filter((entry) => isApplyOf(entry, fieldManager));
  const moved = entries.filter(
    (entry) => isClientSide(entry, object, fieldManager) || isUpdateOf(entry, alsoMoved),
  );
  const { time: _time, ...first } = moved[0] ?? ours[0] ?? {};
  const fields = [...ours, ...moved].map((entry) => entry.fieldsV1 ?? {}).reduce(union, {});
  const merged: ManagedFieldsEntry = {
    ...first,
    manager: fieldManager,
    operation: 'Apply',
    fieldsV1: withoutLastApplied(fields),
  };
  const kept = entries
    .filter((entry) => !ours.includes(entry) && !moved.includes(entry))
    .map((entry) => (ours.length + moved.length === 0 ? entry : withoutOurs(entry, merged)));
  const isChanged = moved.length > 0 || kept.some((entry) => !entries.includes(entry));
  if (!isChanged) return undefined;
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'replace', path: '/metadata/managedFields', value: [...kept, merged] },
  ];
}

const isUpdateOf = (entry: ManagedFieldsEntry, manager: string | undefined): boolean =>
  manager !== undefined &&
  entry.manager === manager &&
  entry.operation === 'Update' &&
  (entry.subresource ?? '') === '';

/** A creator holds what it wrote for ever; what has been desired state since is ours alone. */
function withoutOurs(entry: ManagedFieldsEntry, ours: ManagedFieldsEntry): ManagedFieldsEntry {
  if (!isCreator(entry) || ours.apiVersion !== entry.apiVersion) return entry;
  const before = entry.fieldsV1 ?? {};
  const fieldsV1 = difference(before, ours.fieldsV1 ?? {});
  return JSON.stringify(fieldsV1) === JSON.stringify(before) ? entry : { ...entry, fieldsV1 };
}

function difference(fields: FieldSet, taken: FieldSet): FieldSet {
  const kept: Record<string, JsonValue | undefined> = {};
  if (fields['.'] !== undefined && taken['.'] === undefined) kept['.'] = fields['.'];
  for (const [step, below] of stepsOf(fields)) {
    const other = taken[step];
    if (!isJsonObject(other)) kept[step] = below;
    else if (stepsOf(below).length > 0 && stepsOf(other).length > 0) {
      const rest = difference(below, other);
      if (Object.keys(rest).length > 0) kept[step] = rest;
    }
  }
  return kept;
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
