const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;
const HAS_MAXIMUM = 1;
const PAGE = 65_536;

/**
 * A copy of a WebAssembly program whose memory cannot grow beyond `maxBytes`, or what it was built
 * with when that is less. Throws when the program declares no such bound of its own.
 */
export function limitMemory(program: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(program);
  let at = HEADER_BYTES;
  while (at < copy.length) {
    const id = copy[at];
    const size = readLeb(copy, at + 1);
    if (id !== MEMORY_SECTION) {
      at = size.end + size.value;
      continue;
    }
    const count = readLeb(copy, size.end);
    if (count.value !== 1 || copy[count.end] !== HAS_MAXIMUM) break;
    const minimum = readLeb(copy, count.end + 1);
    const maximum = readLeb(copy, minimum.end);
    const pages = Math.max(minimum.value, Math.min(maximum.value, Math.floor(maxBytes / PAGE)));
    writeLeb(copy, minimum.end, maximum.end, pages);
    return copy;
  }
  throw new Error('the WebAssembly program has no bounded memory');
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

/** Fills the very bytes of a number with a smaller one: LEB128 may be longer than it needs to be. */
function writeLeb(bytes: Uint8Array, start: number, end: number, value: number): void {
  let rest = value;
  for (let at = start; at < end; at++) {
    bytes[at] = (rest % 128) | (at < end - 1 ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
}
