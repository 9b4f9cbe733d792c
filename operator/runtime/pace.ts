import type { Clock } from '../ports/clock.ts';

/** Keeps work that is asked for again and again to a share of the time. */
export interface Pace {
  /**
   * Resolves when the work may begin: at once, unless it ended just now; then after a rest as long as
   * it took, times `rest`, but not shorter than `shortestMs`. Cancellation: rejects with `signal.reason`.
   */
  ready(signal: AbortSignal): Promise<void>;
  /** Does the work, and notes when it ended and how long it took. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export interface PaceOptions {
  readonly clock: Clock;
  /** How many times its own duration the work rests: 3 keeps it to a quarter of the time. */
  readonly rest: number;
  /** No rest is shorter: what is quick costs something too when it is done all the time. Default 0. */
  readonly shortestMs?: number;
  /** No rest is longer. */
  readonly longestMs: number;
}

/** For one piece of work at a time. */
export function createPace({ clock, rest, shortestMs = 0, longestMs }: PaceOptions): Pace {
  let freeAtMs = 0;
  return {
    async ready(signal) {
      const waitMs = freeAtMs - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    },
    async run(work) {
      const begunMs = clock.monotonic();
      try {
        return await work();
      } finally {
        const endedMs = clock.monotonic();
        const restMs = Math.max(shortestMs, (endedMs - begunMs) * rest);
        freeAtMs = endedMs + Math.min(longestMs, restMs);
      }
    },
  };
}
