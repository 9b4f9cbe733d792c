const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const DURATION = /^([+-]?)(?:0|((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+))$/;
const PART = /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g;

/** A duration as Go writes it (`1h30m`, `1.5h`, `0`) in nanoseconds; `undefined` if it is none. */
export function parseGoDuration(text: string): bigint | undefined {
  const match = text.length > 100 ? null : DURATION.exec(text);
  if (match === null) return undefined;
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of (match[2] ?? '').matchAll(PART)) {
    const size = UNITS[unit] ?? 0n;
    const part = fraction === '' ? 0n : (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
    total += BigInt(whole === '' ? '0' : whole) * size + part;
  }
  return match[1] === '-' ? -total : total;
}

/** Whether two texts are the same time span: `1h` is `60m`. Not durations: not equal. */
export function durationEqual(left: string, right: string): boolean {
  const span = parseGoDuration(left);
  return span !== undefined && span === parseGoDuration(right);
}
