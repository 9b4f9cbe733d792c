import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';

// Whatever stands in a cluster is shown: a part that is not of its kind is as good as absent.

const NOTHING: JsonObject = {};

/** A member that is an object; anything else is empty. */
export function partOf(value: JsonValue | undefined, name: string): JsonObject {
  const member = isJsonObject(value) ? value[name] : undefined;
  return isJsonObject(member) ? member : NOTHING;
}

/** The objects in a member that is a list. */
export function itemsOf(value: JsonValue | undefined, name: string): readonly JsonObject[] {
  const member = isJsonObject(value) ? value[name] : undefined;
  return isJsonArray(member) ? member.filter(isJsonObject) : [];
}

/** A member that is a text; empty otherwise. */
export function textOf(value: JsonValue | undefined, name: string): string {
  const member = isJsonObject(value) ? value[name] : undefined;
  return typeof member === 'string' ? member : '';
}

/** A member that is a number; 0 otherwise. */
export function countOf(value: JsonValue | undefined, name: string): number {
  const member = isJsonObject(value) ? value[name] : undefined;
  return typeof member === 'number' ? member : 0;
}

/** The texts in a member that is a map, or `undefined` when there are none. */
export function textsOf(
  value: JsonValue | undefined,
  name: string,
): Readonly<Record<string, string>> | undefined {
  const texts = Object.entries(partOf(value, name)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}
