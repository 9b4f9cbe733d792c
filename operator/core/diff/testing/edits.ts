import fc from 'fast-check';
import { hasCode } from '../../errors.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../objects/json.ts';
import { removePaths, setPath, valueAtPath, type JsonPath } from '../../objects/json-path.ts';
import type { KubeObject } from '../../objects/kube-object.ts';
import { memberType, type TypeSchema } from '../type-schema.ts';

/** What is done to one part of an object. */
export type Edit = readonly [at: number, type: 'change' | 'drop' | 'null'];
export const EDITS: fc.Arbitrary<Edit[]> = fc.array(
  fc.tuple(fc.nat(), fc.constantFrom('change' as const, 'drop' as const, 'null' as const)),
  { minLength: 5, maxLength: 5 },
);

/** The same with one part changed, left out, or null. */
export function edited(body: JsonObject, [at, type]: Edit): JsonObject {
  const paths = pathsOf(body, []);
  const path = paths[at % paths.length];
  if (path === undefined) return body;
  if (type === 'drop') return removePaths(body, [path]);
  return setPath(body, path, type === 'null' ? null : changed(valueAtPath(body, path)));
}

function changed(value: JsonValue | undefined): JsonValue {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return value === '1' ? '1000m' : `${value}x`;
  return isJsonArray(value) ? [...value].reverse() : {};
}

/** Every member and item below a value. */
export function pathsOf(value: JsonValue, path: JsonPath): JsonPath[] {
  const own = path.length === 0 ? [] : [path];
  if (isJsonArray(value))
    return [...own, ...value.flatMap((item, index) => pathsOf(item, [...path, index]))];
  if (!isJsonObject(value)) return own;
  return [
    ...own,
    ...Object.entries(value).flatMap(([name, member]) =>
      member === undefined ? [] : pathsOf(member, [...path, name]),
    ),
  ];
}

/** Order says nothing in sets and in most lists by keys; nor does an empty list. */
export function inOrder(value: KubeObject, type: TypeSchema | undefined): KubeObject {
  const { annotations, ...metadata } = value.metadata;
  // Counts the writes, also those of another order.
  const { 'deprecated.daemonset.template.generation': _count, ...rest } = annotations ?? {};
  return sorted({ ...value, metadata: { ...metadata, annotations: rest } }, type) as KubeObject;
}

function sorted(value: JsonValue, type: TypeSchema | undefined): JsonValue {
  if (isJsonArray(value)) {
    const items = value.map((item) => sorted(item, type?.element));
    const { list } = type ?? {};
    if (list === undefined || (list.type === 'map' && list.isOrdered === true)) return items;
    return items.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => !isJsonArray(member) || member.length > 0)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => [
        name,
        member === undefined ? member : sorted(member, memberType(type, name)),
      ]),
  );
}

/** A generated object may well be invalid; anything else that goes wrong is an error. */
export function refusal(error: unknown): undefined {
  if (hasCode(error, 'KubeInvalid', 'KubeForbidden', 'KubeConflict', 'KubeRejected')) return;
  const message = error instanceof Error ? error.message : '';
  if (/HTTP 500.*(?:typed|convert|unstructured|duplicate)/s.test(message)) return;
  // The API server itself stumbles over some objects, and closes the stream.
  if (/Stream closed/.test(message)) return;
  throw error;
}
