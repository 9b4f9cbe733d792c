import { isJsonObject, jsonEqual, type JsonObject, type JsonValue } from './json.ts';

/**
 * The JSON merge patch (RFC 7386) that turns `from` into `to`, or `undefined` when they are equal.
 * Members that are gone become null; lists are replaced as a whole. Neither side may hold nulls as
 * values of their own: a merge patch cannot express them.
 */
export function mergePatch(from: JsonObject, to: JsonObject): JsonObject | undefined {
  const patch: Record<string, JsonValue> = {};
  for (const key of Object.keys(from))
    if (from[key] !== undefined && from[key] !== null && to[key] === undefined) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    if (value === undefined) continue;
    const before = from[key];
    if (isJsonObject(value) && isJsonObject(before)) {
      const below = mergePatch(before, value);
      if (below !== undefined) patch[key] = below;
    } else if (!jsonEqual(before, value)) {
      patch[key] = value;
    }
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
