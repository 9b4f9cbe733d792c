/** Any value that JSON can hold. Arrays and objects are read-only: cluster objects are shared. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object. A key that is `undefined` means the same as an absent key. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** True for objects proper: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for arrays; narrows to the read-only form that `JsonValue` uses. */
export function isJsonArray(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/**
 * Deep equality of JSON values. The order of keys does not matter, the order of items does, and a
 * key holding `undefined` equals an absent one.
 */
export function jsonEqual(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  if (isJsonArray(left)) {
    if (!isJsonArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => jsonEqual(item, right[index]));
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  // Names such as `constructor` are found in every object: members of one's own are counted too.
  let balance = 0;
  for (const key in left) {
    const value = left[key];
    if (value === undefined) continue;
    if (!jsonEqual(value, key === '__proto__' ? ownMember(right, key) : right[key])) return false;
    balance += 1;
  }
  for (const key in right) if (right[key] !== undefined) balance -= 1;
  return balance === 0;
}

/** A member that the object itself has, whatever it is called. */
export function ownMember(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** JSON text with keys in sorted order, so that equal values have equal text. */
export function canonicalJson(value: JsonValue | undefined): string {
  if (isJsonArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${members.join(',')}}`;
}
