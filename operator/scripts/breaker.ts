import type { Clock } from '../ports/clock.ts';
import type { ScriptOutcome } from '../ports/script-engine.ts';
import { createLruCache } from '../runtime/lru-cache.ts';

/**
 * Keeps a program that never ends from taking a second of each object it is asked about. After a few
 * objects in a row on which it used up its budget it is not run for a while, then tried again.
 */
export interface Breaker {
  /** Why the program is not run now; `undefined` when it may run. */
  refusal(program: string): ScriptOutcome<never> | undefined;
  note(program: string, overBudget: boolean): void;
}

const FAILURES = 3;
const PAUSE_MS = 60_000;
const PROGRAMS = 1_000;

export function createBreaker(clock: Clock): Breaker {
  const failing = createLruCache<string, { failures: number; untilMs: number }>(PROGRAMS);

  return {
    refusal(program) {
      const entry = failing.get(program);
      if (entry === undefined || entry.failures < FAILURES) return undefined;
      if (clock.monotonic() >= entry.untilMs) return undefined;
      return {
        type: 'failed',
        kind: 'budget',
        reason: `not run: it used up its budget on ${FAILURES} objects in a row, and is tried again after ${PAUSE_MS / 1000}s`,
      };
    },
    note(program, overBudget) {
      if (!overBudget) return failing.delete(program);
      const failures = (failing.get(program)?.failures ?? 0) + 1;
      failing.set(program, { failures, untilMs: clock.monotonic() + PAUSE_MS }, 1);
    },
  };
}
