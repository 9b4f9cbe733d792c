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
 * matched by what tells them apart; an ignored item that only live has is appended.
 */
export function respectIgnored(
  desired: KubeObject,
  live: KubeObject,
  paths: IgnoredPaths,
): KubeObject {
  const taken = new Map<string, JsonPath>();
  let result: JsonValue = desired;
  for (const path of paths.live) {
    const value = valueAtPath(live, path);
    if (value === undefined) continue;
    const at = samePlace(desired, live, path);
    if (at === undefined) continue;
    taken.set(JSON.stringify(at), at);
    result = setPath(result, at, value);
  }
  const gone = paths.desired.filter((path) => !taken.has(JSON.stringify(path)));
  // Removing comes last, and from the end: what was appended stands behind it.
  return removePaths(result, gone) as KubeObject;
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
