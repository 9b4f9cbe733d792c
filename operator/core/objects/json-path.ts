import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** Steps from the root of a value: names of members and indexes of items. */
export type JsonPath = readonly (string | number)[];

/** What stands at a path; `undefined` when nothing does. */
export function valueAtPath(root: JsonValue | undefined, path: JsonPath): JsonValue | undefined {
  let value = root;
  for (const step of path) {
    if (typeof step === 'number') value = isJsonArray(value) ? value[step] : undefined;
    else value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

/** Paths by their first step; a node without children is where a path ends. */
interface PathTree {
  readonly children: Map<string | number, PathTree>;
  ends: boolean;
}

function treeOf(paths: readonly JsonPath[]): PathTree {
  const root: PathTree = { children: new Map(), ends: false };
  for (const path of paths) {
    let node = root;
    for (const step of path) {
      const next = node.children.get(step) ?? { children: new Map(), ends: false };
      node.children.set(step, next);
      node = next;
    }
    node.ends = true;
  }
  return root;
}

/**
 * The value without what stands at these paths, all of them read on the value as given: removing
 * two items of a list removes those two. Paths that lead nowhere, and the empty path, change nothing.
 * Shares every part that did not change.
 */
export function removePaths<T extends JsonValue>(value: T, paths: readonly JsonPath[]): T {
  return paths.length === 0 ? value : (prune(value, treeOf(paths)) as T);
}

function prune(value: JsonValue, tree: PathTree): JsonValue {
  if (isJsonArray(value)) {
    let changed = false;
    const kept: JsonValue[] = [];
    for (const [index, item] of value.entries()) {
      const below = tree.children.get(index);
      if (below?.ends === true) {
        changed = true;
        continue;
      }
      const next = below === undefined ? item : prune(item, below);
      changed ||= next !== item;
      kept.push(next);
    }
    return changed ? kept : value;
  }
  if (!isJsonObject(value)) return value;
  let copy: Record<string, JsonValue | undefined> | undefined;
  for (const [step, below] of tree.children) {
    const member = typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined;
    if (member === undefined) continue;
    if (below.ends) {
      copy ??= { ...value };
      delete copy[step];
      continue;
    }
    const next = prune(member, below);
    if (next !== member) {
      copy ??= { ...value };
      copy[step] = next;
    }
  }
  return copy ?? value;
}

/**
 * The value with `replacement` at a path; `undefined` takes away what stands there. Members on the
 * way are made when they are missing; a list gets an item only where its index exists or is the
 * next one. A path through something that is neither changes nothing.
 */
export function setPath<T extends JsonValue>(
  value: T,
  path: JsonPath,
  replacement: JsonValue | undefined,
): T {
  if (replacement === undefined) return removePaths(value, [path]);
  return put(value, path, 0, replacement) as T;
}

function put(
  value: JsonValue | undefined,
  path: JsonPath,
  at: number,
  replacement: JsonValue,
): JsonValue | undefined {
  if (at === path.length) return replacement;
  const step = path[at];
  if (typeof step === 'number') {
    if (!isJsonArray(value) || step > value.length || step < 0) return value;
    const item = put(value[step], path, at + 1, replacement);
    return item === undefined || item === value[step] ? value : insert(value, step, item);
  }
  if (step === undefined) return value;
  if (value !== undefined && !isJsonObject(value)) return value;
  const object: JsonObject = value ?? {};
  const own = Object.hasOwn(object, step) ? object[step] : undefined;
  const member = put(own, path, at + 1, replacement);
  return member === undefined || member === own ? value : { ...object, [step]: member };
}

const insert = (
  list: readonly JsonValue[],
  index: number,
  item: JsonValue,
): readonly JsonValue[] => (index === list.length ? [...list, item] : list.with(index, item));

/** `spec.containers[0].image`; names with dots or brackets are quoted: `metadata.labels["a.b/c"]`. */
export function formatPath(path: JsonPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[\w$-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}
