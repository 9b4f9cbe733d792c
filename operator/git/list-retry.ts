import { hasCode } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { backoffDelay } from '../runtime/backoff.ts';

/** How often a listing of refs is tried that fails for a reason that may pass, and how long it pauses before. */
export interface ListRetry {
  /** 1: it is not tried again. */
  readonly attempts: number;
  /** Before the second attempt. */
  readonly delayMs: number;
  /** How many times longer each further pause is. */
  readonly factor: number;
  readonly maxDelayMs: number;
}

export const ONE_ATTEMPT: ListRetry = { attempts: 1, delayMs: 250, factor: 2, maxDelayMs: 5_000 };

/** What `attempt` answers. Errors: its last one, at once one that asking again cannot help. */
export async function retryListing<T>(
  attempt: () => Promise<T>,
  { attempts, delayMs, factor, maxDelayMs }: ListRetry,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (failures + 1 >= attempts || !mayPass(error)) throw error;
      const pause = { minMs: delayMs, maxMs: maxDelayMs, factor };
      await clock.sleep(backoffDelay(failures, pause), signal);
    }
  }
}

/** Words by which git, curl and ssh say that the way to the server broke, or that it is out of order. */
const PASSING = [
  /timed out/i,
  /connection (was )?(reset|closed)/i,
  /empty reply|early EOF|unexpected(ly)? (EOF|disconnect)|hung up unexpectedly/i,
  /returned error: 5\d\d/i,
];

/** Nothing that says no: neither a refusal, nor a name that there is not, nor a port that nobody listens on. */
function mayPass(error: unknown): boolean {
  if (!hasCode(error, 'GitUnreachable')) return false;
  return hasCode(error.cause, 'Timeout') || PASSING.some((words) => words.test(error.message));
}
