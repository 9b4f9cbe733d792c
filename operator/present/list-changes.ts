import deepDiff from 'deep-diff';
import { itemKey, listTypeOf } from '../core/diff/list-keys.ts';
import { maskSecret } from '../core/diff/mask-secret.ts';
import { normalise } from '../core/diff/normalise.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';

/** One field that differs. A side that does not have it is absent. */
export interface Change {
  /** `spec.template.spec.containers["web"].args[1]`. */
  readonly path: string;
  readonly live?: JsonValue;
  readonly desired?: JsonValue;
}

/**
 * What stands on both sides at the paths that comparing found, down to single values. Items of keyed
 * lists are matched by their keys, not by position. Values of Secrets are masked before they are
 * looked at.
 */
export function listChanges(
  desired: KubeObject,
  live: KubeObject,
  paths: readonly string[],
  sensitiveAnnotations: readonly string[] = [],
): readonly Change[] {
  const [wanted, actual] = maskSecret(normalise(desired), normalise(live), sensitiveAnnotations);
  return paths.flatMap((path) =>
    changesBelow(path, valueAt(wanted, path, wanted), valueAt(actual, path, wanted)),
  );
}

function changesBelow(
  path: string,
  desired: JsonValue | undefined,
  live: JsonValue | undefined,
): readonly Change[] {
  const isList = isJsonArray(desired) && isJsonArray(live);
  const isMap = isJsonObject(desired) && isJsonObject(live);
  if (!isList && !isMap) return [changeOf(path, live, desired)];
  const found = deepDiff.diff(live, desired) ?? [];
  return found
    .map((part) => {
      const at = (part.path ?? []).reduce(step, path);
      if (part.kind !== 'A') return changeOf(at, sideOf(part, 'lhs'), sideOf(part, 'rhs'));
      return changeOf(step(at, part.index), sideOf(part.item, 'lhs'), sideOf(part.item, 'rhs'));
    })
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

function changeOf(
  path: string,
  live: JsonValue | undefined,
  desired: JsonValue | undefined,
): Change {
  return {
    path,
    ...(live === undefined ? {} : { live }),
    ...(desired === undefined ? {} : { desired }),
  };
}

const sideOf = (part: object, side: 'lhs' | 'rhs'): JsonValue | undefined =>
  Reflect.get(part, side) as JsonValue | undefined; // deep-diff leaves out the side that is not there

const step = (path: string, name: unknown): string =>
  typeof name === 'number' ? `${path}[${name}]` : `${path}.${String(name)}`;

/**
 * The value at a path of a comparison. Names may hold dots (`metadata.annotations.example.com/x`), so
 * the members that are there decide where a name ends. `field` is the name of the list looked into.
 */
function valueAt(
  value: JsonValue | undefined,
  path: string,
  root: KubeObject,
  field = '',
): JsonValue | undefined {
  if (path === '' || value === undefined) return value;
  if (isJsonArray(value)) {
    const { inner, rest } = splitItem(path);
    const item = itemAt(value, inner, root, field);
    return valueAt(item, rest, root);
  }
  if (!isJsonObject(value)) return undefined;
  const names = Object.keys(value).filter((name) => isStep(path, name));
  for (const name of names.toSorted((left, right) => right.length - left.length)) {
    const found = valueAt(value[name], path.slice(name.length).replace(/^\./, ''), root, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isStep = (path: string, name: string): boolean =>
  path.startsWith(name) && ['', '.', '['].includes(path.charAt(name.length));

/** `["web"].image` → `"web"` and `image`; the bracket ends where what is in it is JSON. */
function splitItem(path: string): { readonly inner: string; readonly rest: string } {
  for (let end = path.indexOf(']'); end >= 0; end = path.indexOf(']', end + 1)) {
    const inner = path.slice(1, end);
    if (parseKeys(inner) !== undefined)
      return { inner, rest: path.slice(end + 1).replace(/^\./, '') };
  }
  return { inner: '', rest: '' };
}

function itemAt(
  list: readonly JsonValue[],
  inner: string,
  root: KubeObject,
  field: string,
): JsonValue | undefined {
  const [first] = parseKeys(inner) ?? [];
  if (isJsonObject(first)) {
    const names = Object.keys(first);
    const key = itemKey(first, names);
    return list.find((item) => isJsonObject(item) && itemKey(item, names) === key);
  }
  const type = listTypeOf(root, field, list.find(isJsonObject));
  if (type.type === 'map')
    return list.find((item) => isJsonObject(item) && itemKey(item, type.keys) === inner);
  return list.find((item) => JSON.stringify(item) === inner);
}

function parseKeys(inner: string): readonly JsonValue[] | undefined {
  try {
    return JSON.parse(`[${inner}]`) as JsonValue[];
  } catch {
    return undefined; // the bracket was part of a text
  }
}
