import { isJsonArray, isJsonObject, jsonEqual, type JsonObject, type JsonValue } from './json.ts';

/**
 * A `fieldsV1` of `metadata.managedFields`: members are steps (`f:` a field, `k:` an item by its
 * keys, `v:` an item by value, `i:` an item by index, `.` the value itself). A step with nothing
 * below owns all that stands there.
 */
export type FieldSet = JsonObject;

/** Where a step leads within a value. */
export interface Step {
  readonly at: string | number;
  readonly value: JsonValue;
}

/** Follows one step; `undefined` when the value does not have it, or the step makes no sense. */
export function followStep(value: JsonValue | undefined, step: string): Step | undefined {
  const rest = step.slice(2);
  switch (step.slice(0, 2)) {
    case 'f:': {
      const member = isJsonObject(value) && Object.hasOwn(value, rest) ? value[rest] : undefined;
      return member === undefined ? undefined : { at: rest, value: member };
    }
    case 'k:':
      return itemWhere(
        value,
        parse(rest),
        (item, keys) => isJsonObject(keys) && hasAll(item, keys),
      );
    case 'v:':
      return itemWhere(value, parse(rest), (item, wanted) => jsonEqual(item, wanted));
    case 'i:': {
      const item = isJsonArray(value) ? value[Number(rest)] : undefined;
      return item === undefined ? undefined : { at: Number(rest), value: item };
    }
    default:
      return undefined;
  }
}

/** Steps below a node, without the node itself (`.`). */
export function stepsOf(fields: FieldSet): readonly (readonly [step: string, below: FieldSet])[] {
  return Object.entries(fields).flatMap(([step, below]) =>
    step !== '.' && isJsonObject(below) ? [[step, below] as const] : [],
  );
}

function itemWhere(
  list: JsonValue | undefined,
  wanted: JsonValue | undefined,
  is: (item: JsonValue, wanted: JsonValue) => boolean,
): Step | undefined {
  if (!isJsonArray(list) || wanted === undefined) return undefined;
  const at = list.findIndex((item) => is(item, wanted));
  const value = list[at];
  return value === undefined ? undefined : { at, value };
}

/**
 * An item may leave out a key that has a default, such as `protocol`, or that is an empty text: then
 * the others decide.
 */
function hasAll(item: JsonValue, keys: JsonObject): boolean {
  return (
    isJsonObject(item) &&
    Object.entries(keys).every(([key, value]) => {
      const own = item[key];
      return (
        jsonEqual(own, value) || (own === undefined && (value === '' || value === DEFAULTS[key]))
      );
    })
  );
}

const DEFAULTS: Readonly<Record<string, JsonValue>> = { protocol: 'TCP' };

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined; // no step that an API server writes
  }
}
