import { isJsonArray, isJsonObject, jsonEqual, type JsonValue } from '../objects/json.ts';
import { removePaths, setPath, valueAtPath, type JsonPath } from '../objects/json-path.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/** Where the ignored parts of both sides are. */
export interface IgnoredPaths {
  readonly desired: readonly JsonPath[];
  readonly live: readonly JsonPath[];
}

/**
 * Desired state that leaves ignored parts as they are in live (`RespectIgnoreDifferences=true`):
 * what live has there is taken over, what only desired has there is left out. Items of lists are
 * matched by what tells them apart; an ignored item that only live has stands where live has it, as
 * the order of init containers and variables means something.
 */
export function respectIgnored(
  desired: KubeObject,
  live: KubeObject,
  paths: IgnoredPaths,
): KubeObject {
  const taken = new Set<string>();
  const added: Addition[] = [];
  let result: JsonValue = desired;
  for (const path of paths.live) {
    const value = valueAtPath(live, path);
    const at = value === undefined ? undefined : samePlace(desired, live, path);
    if (value === undefined || at === undefined) continue;
    taken.add(JSON.stringify(at));
    const step = path.at(-1);
    if (typeof step === 'number' && valueAtPath(desired, at) === undefined)
      added.push({ list: at.slice(0, -1), live: path.slice(0, -1), index: step, value });
    else result = setPath(result, at, value);
  }
  const gone = paths.desired.filter((path) => !taken.has(JSON.stringify(path)));
  result = removePaths(result, gone);
  for (const addition of added.toSorted((left, right) => left.index - right.index))
    result = insertAsInLive(result, live, { ...addition, list: shifted(addition.list, gone) });
  return result as KubeObject;
}

/** An item that only live has. */
interface Addition {
  /** Where its list is in desired. */
  readonly list: JsonPath;
  /** Where its list is in live, and its index there. */
  readonly live: JsonPath;
  readonly index: number;
  readonly value: JsonValue;
}

/** Behind the nearest item before it that desired has too, else first. */
function insertAsInLive(
  desired: JsonValue,
  live: KubeObject,
  { list, live: path, index, value }: Addition,
): JsonValue {
  const items = valueAtPath(desired, list);
  const around = valueAtPath(live, path);
  if (!isJsonArray(items) || !isJsonArray(around)) return desired;
  let at = -1;
  for (let before = index - 1; before >= 0 && at < 0; before -= 1) {
    const item = around[before];
    if (item !== undefined) at = indexOfSame(items, item, before);
  }
  return setPath(desired, list, items.toSpliced(at + 1, 0, value));
}

/** Where a path leads once items of lists were removed. */
function shifted(path: JsonPath, removed: readonly JsonPath[]): JsonPath {
  return path.map((step, depth) => {
    if (typeof step !== 'number') return step;
    const before = removed.filter((other) => {
      const last = other[depth];
      if (other.length !== depth + 1 || typeof last !== 'number' || last >= step) return false;
      return other.slice(0, depth).every((part, at) => part === path[at]);
    });
    return step - before.length;
  });
}

/** The path in desired of what stands at `path` in live; `undefined` when its surroundings are missing there. */
function samePlace(desired: JsonValue, live: JsonValue, path: JsonPath): JsonPath | undefined {
  const found: (string | number)[] = [];
  let left: JsonValue | undefined = desired;
  let right: JsonValue | undefined = live;
  for (const [depth, step] of path.entries()) {
    const isLast = depth === path.length - 1;
    if (typeof step === 'string') {
      right = isJsonObject(right) ? right[step] : undefined;
      left = isJsonObject(left) ? left[step] : undefined;
      found.push(step);
      continue;
    }
    if (!isJsonArray(left) || !isJsonArray(right)) return undefined;
    const item: JsonValue | undefined = right[step];
    const index = item === undefined ? -1 : indexOfSame(left, item, step);
    if (index < 0 && !isLast) return undefined;
    found.push(index < 0 ? left.length : index);
    left = left[index];
    right = item;
  }
  return found;
}

const NAMING = ['name', 'key', 'type', 'mountPath', 'devicePath', 'containerPort', 'port', 'ip'];

function indexOfSame(list: readonly JsonValue[], item: JsonValue, at: number): number {
  const equal = list.findIndex((candidate) => jsonEqual(candidate, item));
  if (equal >= 0 || !isJsonObject(item)) return equal;
  const names = NAMING.filter((field) => item[field] !== undefined);
  if (names.length === 0) return at < list.length ? at : -1; // nothing tells items apart but their place
  return list.findIndex(
    (candidate) =>
      isJsonObject(candidate) && names.some((field) => jsonEqual(candidate[field], item[field])),
  );
}
