/** What the clocks of a zone show. Wall-clock times are milliseconds as if the zone were UTC. */
export interface Offsets {
  /** How far the clocks are ahead of UTC at a moment, milliseconds. */
  offsetAt(atMs: number): number;
  /**
   * The moment at which the clocks show this. Where they are set back it is the first of the two;
   * where they are set forward and skip it, the moment of the change.
   */
  momentOf(wallMs: number): number;
}

const DAY_MS = 86_400_000;
const FIELDS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

/** Offsets of an IANA zone; `undefined` when there is none of that name. Empty is UTC. */
export function offsetsOf(timeZone: string): Offsets | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timeZone === '' ? 'UTC' : timeZone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  } catch {
    return undefined; // the caller tells that nobody knows it
  }
  function offsetAt(atMs: number): number {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const [year = 0, month = 1, ...rest] = FIELDS.map((field) => Number(parts.get(field)));
    const wallMs = Date.UTC(year, month - 1, ...rest);
    return wallMs - Math.floor(atMs / 1000) * 1000;
  }
  function momentOf(wallMs: number): number {
    // Zones change at most once within two days, so one of these is right.
    const before = offsetAt(wallMs - DAY_MS);
    const after = offsetAt(wallMs + DAY_MS);
    for (const offset of [before, after].sort((a, b) => b - a))
      if (offsetAt(wallMs - offset) === offset) return wallMs - offset;
    return changeBetween(wallMs - DAY_MS - before, wallMs + DAY_MS - after);
  }
  /** The moment at which the offset changes, to the second. */
  function changeBetween(fromMs: number, toMs: number): number {
    const before = offsetAt(fromMs);
    let [low, high] = [Math.floor(fromMs / 1000), Math.ceil(toMs / 1000)];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle * 1000) === before) low = middle;
      else high = middle;
    }
    return high * 1000;
  }
  return { offsetAt, momentOf };
}
