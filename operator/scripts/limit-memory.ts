const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;
const NO_MAXIMUM = 0;
const HAS_MAXIMUM = 1;
const PAGE = 65_536;

/**
 * A copy of a WebAssembly program whose memory cannot grow beyond `maxBytes`, or what it was built with when
 * that is less; what it starts with it always has. Throws when the program has not one memory of its own.
 */
export function limitMemory(program: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  let at = HEADER_BYTES;
  while (at < program.length) {
    const size = readLeb(program, at + 1);
    const end = size.end + size.value;
    if (program[at] !== MEMORY_SECTION) {
      at = end;
      continue;
    }
    const count = readLeb(program, size.end);
    const flag = program[count.end];
    if (count.value !== 1 || (flag !== NO_MAXIMUM && flag !== HAS_MAXIMUM)) break;
    const minimum = readLeb(program, count.end + 1);
    const own = flag === HAS_MAXIMUM ? readLeb(program, minimum.end).value : Infinity;
    const pages = Math.max(minimum.value, Math.min(own, Math.floor(maxBytes / PAGE)));
    const limits = [1, HAS_MAXIMUM, ...leb(minimum.value), ...leb(pages)];
    const section = [MEMORY_SECTION, ...leb(limits.length), ...limits];
    const copy = new Uint8Array(at + section.length + program.length - end);
    copy.set(program.subarray(0, at));
    copy.set(section, at);
    copy.set(program.subarray(end), at + section.length);
    return copy;
  }
  throw new Error('the WebAssembly program has not one memory of its own');
}

/** A number in LEB128, and where the next thing begins. */
function readLeb(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start, factor = 1; ; at++, factor *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) return { value, end: at + 1 };
  }
}

function leb(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...leb(Math.floor(value / 128))];
}
