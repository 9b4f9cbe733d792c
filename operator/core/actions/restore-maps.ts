import {
  isJsonArray,
  isJsonObject,
  jsonEqual,
  type JsonObject,
  type JsonValue,
} from '../objects/json.ts';

/** Members of every object that are maps, also where they are empty. */
const OBJECT_MAPS = ['metadata', 'spec', 'status', 'data', 'stringData', 'binaryData'];
/** The same of every `metadata`, that of templates too. */
const METADATA_MAPS = ['labels', 'annotations'];

/**
 * An object as it comes back from Lua, with what Lua cannot tell apart put right: an empty map comes
 * back as an empty list, and a null not at all. Where `original` had a map or a null in the same
 * place it is one again; items of lists keep their place or are found by their content or `name`. For
 * the rest, `mapNames` are names of members that are maps, besides those of every object: see
 * `emptyMapNames`. What is no object is returned as it is.
 */
export function restoreMaps(
  value: JsonValue,
  original: JsonObject | undefined,
  mapNames: ReadonlySet<string>,
): JsonValue {
  if (!isJsonObject(value)) return value;
  return restoreMembers(value, original ?? {}, mapNames, new Set([...mapNames, ...OBJECT_MAPS]));
}

/** Names of members that are empty maps somewhere in a value and lists nowhere. */
export function emptyMapNames(value: JsonValue): ReadonlySet<string> {
  const maps = new Set<string>();
  const lists = new Set<string>();
  const look = (part: JsonValue): void => {
    if (isJsonArray(part)) for (const item of part) look(item);
    else if (isJsonObject(part))
      for (const [name, member] of Object.entries(part)) {
        if (member === undefined) continue;
        if (isJsonArray(member)) lists.add(name);
        else if (isJsonObject(member) && Object.keys(member).length === 0) maps.add(name);
        look(member);
      }
  };
  look(value);
  return maps.difference(lists);
}

const isEmptyList = (value: JsonValue | undefined): boolean =>
  isJsonArray(value) && value.length === 0;

function restore(
  value: JsonValue | undefined,
  original: JsonValue | undefined,
  mapNames: ReadonlySet<string>,
): JsonValue | undefined {
  if (isJsonArray(value) && (value.length > 0 || !isJsonObject(original))) {
    const items = isJsonArray(original) ? original : [];
    // Also puts back nulls among the items.
    if (isJsonArray(original) && jsonEqual(value, inLua(original))) return original;
    return value.map((item, index) => restoreItem(item, index, items, mapNames));
  }
  if (!isJsonObject(value) && !isJsonArray(value)) return value;
  const members = isJsonObject(value) ? value : {};
  return restoreMembers(members, isJsonObject(original) ? original : {}, mapNames, mapNames);
}

/** `ownNames` are the map names of these members, `mapNames` those of what is below. */
function restoreMembers(
  members: JsonObject,
  before: JsonObject,
  mapNames: ReadonlySet<string>,
  ownNames: ReadonlySet<string>,
): JsonObject {
  const restored = Object.entries(members).map(([name, member]) => {
    const place = Object.hasOwn(before, name) ? before[name] : undefined;
    if (isEmptyList(member) && place === undefined && ownNames.has(name))
      return [name, {}] as const;
    const below = name === 'metadata' ? new Set([...mapNames, ...METADATA_MAPS]) : mapNames;
    return [name, restore(member, place, below)] as const;
  });
  const nulls = Object.entries(before).filter(
    ([name, member]) => member === null && !Object.hasOwn(members, name),
  );
  return Object.fromEntries([...restored, ...nulls]);
}

function restoreItem(
  item: JsonValue,
  index: number,
  originals: readonly JsonValue[],
  mapNames: ReadonlySet<string>,
): JsonValue {
  const isSame = (original: JsonValue | undefined): boolean =>
    original !== undefined && jsonEqual(item, inLua(original));
  const same = isSame(originals[index]) ? originals[index] : originals.find(isSame);
  if (same !== undefined) return same;
  const name = nameOf(item);
  const named = name === undefined ? undefined : originals.find((one) => nameOf(one) === name);
  // Never undefined: an item is not.
  return restore(item, named ?? originals[index], mapNames) ?? item;
}

function nameOf(item: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(item) ? item['name'] : undefined;
}

/** A value after a way through Lua and back. */
function inLua(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.filter((item) => item !== null).map(inLua);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined || member === null ? [] : [[name, inLua(member)] as const],
  );
  return members.length === 0 ? [] : Object.fromEntries(members);
}
