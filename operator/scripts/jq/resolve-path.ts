import { isJsonArray, isJsonObject, type JsonValue } from '../../core/objects/json.ts';
import { type JsonPath, valueAtPath } from '../../core/objects/json-path.ts';

/** A part of a list, from `start` up to but without `end`. */
interface Part {
  readonly start: number;
  readonly end: number;
}

/**
 * Turns a path as jq writes it into paths of names and indexes. jq also counts from the end of a
 * list (`-1`) and names parts of one (`{"start": 1, "end": null}`): a path that ends in a part is
 * several, one to where there is nothing may be none. `parse` yields the object.
 */
export function resolvePath(path: readonly unknown[], parse: () => JsonValue): readonly JsonPath[] {
  if (path.every(isPlain)) return [path];
  const root = parse();
  const resolved: (string | number)[] = [];
  let part: Part | undefined;
  for (const step of path) {
    if (typeof step === 'string') {
      if (part !== undefined) return [];
      resolved.push(step);
      continue;
    }
    const within: Part = part ?? { start: 0, end: lengthOf(valueAtPath(root, resolved)) };
    if (typeof step === 'number') {
      const index = Math.floor(step) + (step < 0 ? within.end : within.start);
      if (index < within.start || (part !== undefined && index >= within.end)) return [];
      resolved.push(index);
      part = undefined;
    } else part = partOf(within, isJsonObject(step) ? step : {});
  }
  if (part === undefined) return [resolved];
  const { start, end } = part;
  return Array.from({ length: Math.max(0, end - start) }, (_, nth) => [...resolved, start + nth]);
}

const isPlain = (step: unknown): step is string | number =>
  typeof step === 'string' || (Number.isInteger(step) && Number(step) >= 0);

const lengthOf = (value: JsonValue | undefined): number => (isJsonArray(value) ? value.length : 0);

function partOf(within: Part, { start, end }: Readonly<Record<string, unknown>>): Part {
  const length = within.end - within.start;
  const bound = (value: unknown, absent: number) => {
    if (typeof value !== 'number') return absent;
    return Math.min(length, Math.max(0, value < 0 ? value + length : value));
  };
  return {
    start: within.start + Math.floor(bound(start, 0)),
    end: within.start + Math.ceil(bound(end, length)),
  };
}
