import { isJsonArray, isJsonObject, type JsonValue } from '../../core/objects/json.ts';
import { type JsonPath, valueAtPath } from '../../core/objects/json-path.ts';

/**
 * Turns a path as jq writes it into paths of names and indexes. jq also counts from the end of a
 * list (`-1`) and names parts of one (`{"start": 1, "end": null}`), which may be several paths, or
 * none when the list does not reach that far. `input` is the object as JSON.
 */
export function resolvePath(path: readonly unknown[], input: string): readonly JsonPath[] {
  if (path.every(isPlain)) return [path];
  const root = JSON.parse(input) as JsonValue;
  return path.reduce<readonly JsonPath[]>(
    (paths, step) => paths.flatMap((before) => resolveStep(before, step, root)),
    [[]],
  );
}

const isPlain = (step: unknown): step is string | number =>
  typeof step === 'string' || (Number.isInteger(step) && Number(step) >= 0);

function resolveStep(before: JsonPath, step: unknown, root: JsonValue): readonly JsonPath[] {
  if (isPlain(step)) return [[...before, step]];
  const parent = valueAtPath(root, before);
  const length = isJsonArray(parent) ? parent.length : 0;
  if (typeof step === 'number') {
    const index = Math.floor(step) + (step < 0 ? length : 0);
    return index < 0 ? [] : [[...before, index]];
  }
  const bounds = isJsonObject(step) ? step : {};
  const start = Math.floor(bound(bounds['start'], length, 0));
  const end = Math.ceil(bound(bounds['end'], length, length));
  return Array.from({ length: Math.max(0, end - start) }, (_, nth) => [...before, start + nth]);
}

function bound(value: unknown, length: number, absent: number): number {
  if (typeof value !== 'number') return absent;
  return Math.min(length, Math.max(0, value < 0 ? value + length : value));
}
