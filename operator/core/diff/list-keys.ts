import type { JsonObject, JsonValue } from '../objects/json.ts';
import { builtInListsNamed, builtInType } from './built-in-types.ts';

/** How the items of a list are told apart (`x-kubernetes-list-type`). */
export type ListType =
  | { readonly type: 'atomic' }
  | { readonly type: 'set' }
  | {
      readonly type: 'map';
      readonly keys: readonly string[];
      /** What the API server puts where an item leaves out a key. Absent: `protocol` is TCP. */
      readonly defaults?: Readonly<Record<string, JsonValue>>;
      /** The order of the items has a meaning of its own. */
      readonly isOrdered?: true;
    };

const ATOMIC: ListType = { type: 'atomic' };

/** Values the API server fills in when a list key is absent. */
const KEY_DEFAULTS: Readonly<Record<string, JsonValue>> = { protocol: 'TCP' };

/**
 * How to match the items of a list of which only the name of its field is known: by the first type that
 * has a field of this name, and whose keys the sample has.
 */
export function listTypeOf(
  object: { readonly apiVersion: string; readonly kind: string },
  field: string,
  sample: JsonObject | undefined,
): ListType {
  const isBuiltIn = builtInType(object.apiVersion, object.kind) !== undefined;
  if (!isBuiltIn && field !== 'finalizers' && field !== 'ownerReferences') return ATOMIC;
  const fits = (list: ListType): boolean =>
    sample === undefined || list.type !== 'map'
      ? sample === undefined
      : list.keys.every((key) => sample[key] !== undefined || list.defaults?.[key] !== undefined);
  return builtInListsNamed(field).find(fits) ?? ATOMIC;
}

/** The identity of an item in a `map` list, as text. */
export function itemKey(
  item: JsonObject,
  keys: readonly string[],
  defaults: Readonly<Record<string, JsonValue>> = KEY_DEFAULTS,
): string {
  const [first = '', second] = keys;
  // By far the most lists have one key.
  if (second === undefined) return JSON.stringify(item[first] ?? defaults[first] ?? null);
  return keys.map((key) => JSON.stringify(item[key] ?? defaults[key] ?? null)).join(',');
}

/**
 * Names that maps have which are replaced as a whole, so that a member only live has would go:
 * selectors and references. For kinds whose schema is not at hand.
 */
export const ATOMIC_NAME: RegExp = /(?:^s|S)elector$|^matchLabels$|[rR]ef(?:erence)?$/;
