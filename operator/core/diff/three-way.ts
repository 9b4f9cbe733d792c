import { followStep, stepsOf, type FieldSet } from '../objects/field-set.ts';
import {
  isJsonArray,
  isJsonObject,
  jsonEqual,
  type JsonObject,
  type JsonValue,
} from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { lastAppliedOf } from './last-applied.ts';
import { itemKey, type ListType } from './list-keys.ts';
import { LAST_APPLIED_ANNOTATION } from './normalise.ts';
import { memberType, type TypeSchema } from './type-schema.ts';

/**
 * The desired object with the annotation that a client-side apply leaves, so that the next one knows
 * what this one set. The text is kubectl's.
 */
export function withLastApplied(desired: KubeObject): KubeObject {
  const { [LAST_APPLIED_ANNOTATION]: _old, ...annotations } = desired.metadata.annotations ?? {};
  const bare = { ...desired, metadata: { ...desired.metadata, annotations } };
  const text = `${JSON.stringify(bare)}\n`;
  return {
    ...bare,
    metadata: {
      ...bare.metadata,
      annotations: { ...annotations, [LAST_APPLIED_ANNOTATION]: text },
    },
  };
}

/**
 * What was applied last, as values: from the annotation, or what our manager owns of `live`. The
 * object must come straight from the API server.
 */
export function lastAppliedValues(live: KubeObject, fieldManager: string): JsonObject {
  const last = lastAppliedOf(live, fieldManager);
  if (last.type === 'unknown') return {};
  if ('object' in last && last.object !== undefined) return last.object;
  const fields = last.type === 'annotation' ? undefined : last.applied?.fields;
  const owned = fields === undefined ? undefined : ownedPart(live, fields);
  return isJsonObject(owned) ? owned : {};
}

/** The part of a value that a field set names. */
function ownedPart(value: JsonValue, fields: FieldSet): JsonValue {
  const steps = stepsOf(fields);
  if (steps.length === 0) return value;
  const found = steps.flatMap(([step, below]) => {
    const next = followStep(value, step);
    return next === undefined ? [] : [[next.at, ownedPart(next.value, below)] as const];
  });
  return isJsonArray(value)
    ? found.map(([, item]) => item)
    : Object.fromEntries(found.map(([at, member]) => [String(at), member]));
}

/**
 * What becomes of `live` when `desired` is applied client-side: what was applied last and is gone
 * from desired goes, what desired says is set, and what only live has stays. Lists are merged item
 * by item where their type says how, and replaced otherwise.
 */
export function threeWayMerge(
  last: JsonObject,
  desired: JsonObject,
  live: JsonObject,
  type: TypeSchema | undefined,
): JsonObject {
  const merged = new Map(Object.entries(live));
  for (const name of Object.keys(last)) if (own(desired, name) === undefined) merged.delete(name);
  for (const [name, value] of Object.entries(desired)) {
    if (value === undefined) continue;
    if (value === null) merged.delete(name);
    else
      merged.set(
        name,
        mergeValues(own(last, name), value, own(live, name), memberType(type, name)),
      );
  }
  return Object.fromEntries(merged);
}

const own = (object: JsonObject, name: string): JsonValue | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;

function mergeValues(
  last: JsonValue | undefined,
  desired: JsonValue,
  live: JsonValue | undefined,
  type: TypeSchema | undefined,
): JsonValue {
  if (isJsonObject(desired) && isJsonObject(live)) {
    if (type?.isAtomic === true) return desired;
    return threeWayMerge(isJsonObject(last) ? last : {}, desired, live, type);
  }
  if (!isJsonArray(desired) || !isJsonArray(live)) return desired;
  const list = type?.list;
  if (list === undefined || list.type === 'atomic') return desired;
  return mergeLists({ list, element: type?.element }, isJsonArray(last) ? last : [], desired, live);
}

interface MergedList {
  readonly list: Exclude<ListType, { type: 'atomic' }>;
  readonly element: TypeSchema | undefined;
}

/** Desired items in their own order; those that only live has, and nobody dropped, after them. */
function mergeLists(
  { list, element }: MergedList,
  last: readonly JsonValue[],
  desired: readonly JsonValue[],
  live: readonly JsonValue[],
): JsonValue {
  const keyOf = (item: JsonValue): string =>
    list.type === 'map' && isJsonObject(item)
      ? itemKey(item, list.keys, list.defaults)
      : JSON.stringify(item);
  const byKey = (items: readonly JsonValue[]) => new Map(items.map((item) => [keyOf(item), item]));
  const [before, wanted, standing] = [byKey(last), byKey(desired), byKey(live)];
  const merged = [...wanted].map(([key, item]) =>
    mergeValues(before.get(key), item, standing.get(key), element),
  );
  const others = [...standing].filter(([key]) => !wanted.has(key) && !before.has(key));
  return [...merged, ...others.map(([, item]) => item)];
}

/** The JSON merge patch (RFC 7396) that turns one object into the other; `undefined` when they are equal. */
export function mergePatch(from: JsonObject, to: JsonObject): JsonObject | undefined {
  const patch = new Map<string, JsonValue>();
  for (const name of Object.keys(from))
    if (from[name] !== undefined && own(to, name) === undefined) patch.set(name, null);
  for (const [name, value] of Object.entries(to)) {
    const before = own(from, name);
    if (value === undefined || jsonEqual(before, value)) continue;
    if (isJsonObject(before) && isJsonObject(value)) {
      const inside = mergePatch(before, value);
      if (inside !== undefined) patch.set(name, inside);
    } else patch.set(name, value);
  }
  return patch.size === 0 ? undefined : Object.fromEntries(patch);
}
