import { isJsonObject, jsonEqual, ownMember, type JsonObject, type JsonValue } from './json.ts';

/**
 * The JSON merge patch (RFC 7386) that turns `from` into `to`, or `undefined` when they are equal.
 * Members that are gone become null; lists are replaced as a whole. Neither side may hold nulls as
 * values of their own: a merge patch cannot express them.
 */
export function mergePatch(from: JsonObject, to: JsonObject): JsonObject | undefined {
  const patch = new Map<string, JsonValue>();
  for (const key of Object.keys(from))
    if (from[key] !== undefined && from[key] !== null && ownMember(to, key) === undefined)
      patch.set(key, null);
  for (const [key, value] of Object.entries(to)) {
    if (value === undefined) continue;
    const before = ownMember(from, key);
    if (isJsonObject(value) && isJsonObject(before)) {
      const below = mergePatch(before, value);
      if (below !== undefined) patch.set(key, below);
    } else if (!jsonEqual(before, value)) {
      patch.set(key, value);
    }
  }
  return patch.size === 0 ? undefined : Object.fromEntries(patch);
}
