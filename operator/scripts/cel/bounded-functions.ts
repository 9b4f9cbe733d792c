import {
  type CelFunc,
  CelScalar,
  celError,
  celFunc,
  celListConcat,
  isCelList,
  isCelMap,
  listType,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';

/**
 * A thread that asks for one huge piece of memory takes the whole process with it, whatever its
 * limits say. So the functions that can make a large value of small ones refuse to.
 */
export const TOO_LARGE = 'a text or list gets too large';

const MAX_SIZE = 1_000_000;
const MAX_ITEMS = 100_000;
/** In which every character or item may be answered by a whole text. */
const MULTIPLYING = new Set(['join', 'replace']);

export function boundedFunctions(): CelFunc[] {
  const { STRING, BYTES, DYN } = CelScalar;
  const list = listType(DYN);
  return [
    ...strings.map(bounded),
    celFunc('_+_', [STRING, STRING], STRING, (left, right) => {
      refuse(left.length + right.length > MAX_SIZE);
      return left + right;
    }),
    celFunc('_+_', [BYTES, BYTES], BYTES, (left, right) => {
      refuse(left.length + right.length > MAX_SIZE);
      return Buffer.concat([left, right]);
    }),
    celFunc('_+_', [list, list], list, (left, right) => {
      refuse(left.size + right.size > MAX_ITEMS);
      return celListConcat(left, right);
    }),
  ];
}

function refuse(isTooLarge: boolean): void {
  if (isTooLarge) throw new Error(TOO_LARGE);
}

/** The same function, which looks at the sizes of what it is given first. */
function bounded(func: CelFunc): CelFunc {
  const call: CelFunc['call'] = (id, target, args) => {
    const given = sizeOf(args, MAX_SIZE);
    const subject = sizeOf(target, MAX_SIZE);
    const most = MULTIPLYING.has(func.name) ? (subject + 1) * (given + 1) : subject + given;
    return most > MAX_SIZE ? celError(TOO_LARGE, id) : func.call(id, target, args);
  };
  return Object.create(func, { call: { value: call } }) as CelFunc;
}

/** Characters and items of a value, counted no further than to a little over `most`. */
function sizeOf(value: unknown, most: number): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  const parts = Array.isArray(value) || isCelList(value) || isCelMap(value) ? value : undefined;
  let size = 1;
  for (const part of (parts ?? []) as Iterable<unknown>) {
    size += sizeOf(part, most - size);
    if (size > most) break;
  }
  return size;
}
