import type { JsonObject, JsonValue } from '../../operator/index.ts';

/** As Go writes it: members that are zero are left out, of objects inside too; objects stay, even when they are empty. */
export function withoutZero(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) =>
      isZero(value) ? [] : [[name, isObject(value) ? withoutZero(value) : value] as const],
    ),
  );
}

/** As Go writes a list that may not be left out: one that is empty was never made. */
export const nullWhenEmpty = <Item>(items: readonly Item[]): readonly Item[] | null =>
  items.length === 0 ? null : items;

function isZero(value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === null || value === '' || value === false || value === 0;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
