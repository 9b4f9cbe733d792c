import { hasCode } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { backoffDelay } from './backoff.ts';

const ATTEMPTS = 6;
const DELAYS = { minMs: 250, maxMs: 4_000, factor: 2 };

export interface RetryTransientOptions {
  readonly clock: Clock;
  /** Told of each failure that is followed by another attempt, `delayMs` later. */
  readonly onTrouble: (error: unknown, delayMs: number) => void;
}

/**
 * What `attempt` answers, which must be repeatable. Where the API server is unwell (not reached,
 * too slow, overloaded, busy with other writes, 5xx) it is asked again, five times within eight seconds.
 *
 * Errors: the last one of `attempt`; at once any that asking again cannot help.
 */
export async function retryTransient<T>(
  attempt: () => Promise<T>,
  { clock, onTrouble }: RetryTransientOptions,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error) || failures === ATTEMPTS - 1) throw error;
      const delayMs = backoffDelay(failures, DELAYS);
      onTrouble(error, delayMs);
      await clock.sleep(delayMs, signal);
    }
  }
}

function isTransient(error: unknown): boolean {
  const codes = ['KubeUnreachable', 'KubeTooManyRequests', 'KubeConflict', 'Timeout'] as const;
  if (hasCode(error, ...codes)) return true;
  return hasCode(error, 'KubeRejected') && Number(error.fields['status']) >= 500;
}
