import type { Clock } from '../ports/clock.ts';

export interface FailureCountOptions {
  /** So many failures, and further attempts are refused; 0: never. */
  readonly max: number;
  /** Failures are forgotten so long after the last one that counted; 0: never. */
  readonly windowMs: number;
  /** What is remembered at most. */
  readonly maxEntries: number;
  /** Never forgotten for want of room. */
  readonly precious: string;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Counts failures by name. Attempts that are refused do not count: the door opens again by itself. */
export interface FailureCount {
  isLocked(name: string): boolean;
  failed(name: string): void;
  /** Forgets the failures of the name, and says how many there were. */
  succeeded(name: string): number;
  /** So many of them were of somebody who then succeeded. */
  forgive(name: string, count: number): void;
}

export function createFailureCount(options: FailureCountOptions): FailureCount {
  const { max, windowMs, maxEntries, precious, clock, random } = options;
  const entries = new Map<string, { readonly count: number; readonly lastMs: number }>();

  function countOf(name: string): number {
    const entry = entries.get(name);
    if (entry === undefined) return 0;
    if (windowMs === 0 || clock.monotonic() - entry.lastMs < windowMs) return entry.count;
    entries.delete(name);
    return 0;
  }

  /** Somebody who makes up names must not be able to choose what is forgotten. */
  function makeRoom(): void {
    while (entries.size > maxEntries) {
      const names = [...entries.keys()].filter((name) => name !== precious);
      const chosen = names[Math.floor(random() * names.length)];
      if (chosen === undefined) return;
      entries.delete(chosen);
    }
  }

  return {
    isLocked: (name) => max > 0 && countOf(name) >= max,
    failed(name) {
      entries.set(name, { count: countOf(name) + 1, lastMs: clock.monotonic() });
      makeRoom();
    },
    succeeded(name) {
      const count = countOf(name);
      entries.delete(name);
      return count;
    },
    forgive(name, count) {
      const entry = entries.get(name);
      if (entry === undefined) return;
      if (entry.count <= count) entries.delete(name);
      else entries.set(name, { ...entry, count: entry.count - count });
    },
  };
}
