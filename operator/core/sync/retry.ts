import type { OperationState, RetryStrategy } from '../app/types.ts';
import { parseDuration } from '../app/duration.ts';
import { OWN_INFO, withoutOwnInfo } from './own-info.ts';

const DEFAULT_DURATION_MS = 5_000;
const DEFAULT_FACTOR = 2;
const DEFAULT_MAX_MS = 180_000;

/** What becomes of an operation that failed. */
export type RetryDecision =
  | { readonly type: 'exhausted' }
  | { readonly type: 'retry'; readonly attempt: number; readonly announcedMs: number }
  | { readonly type: 'invalid'; readonly message: string };

/**
 * Whether a failed operation is tried again: `attempt` counts from 1, `announcedMs` is the delay
 * that the message tells. The real delay is that of the attempt's own number, one factor longer.
 */
export function decideRetry(state: OperationState): RetryDecision {
  const retry = state.operation.retry;
  const done = state.retryCount ?? 0;
  const limit = retry?.limit ?? 0;
  if (limit >= 0 && done >= limit) return { type: 'exhausted' };
  const delay = retryDelayMs(retry, done);
  if (delay === undefined) return { type: 'invalid', message: 'backoff is no duration' };
  return { type: 'retry', attempt: done + 1, announcedMs: delay };
}

/** `duration · factor^attempts`, capped; `undefined` when a duration cannot be read. */
export function retryDelayMs(
  retry: RetryStrategy | undefined,
  attempts: number,
): number | undefined {
  const { duration, factor, maxDuration } = retry?.backoff ?? {};
  const base = duration === undefined ? DEFAULT_DURATION_MS : parseDuration(duration);
  const cap = maxDuration === undefined ? DEFAULT_MAX_MS : parseDuration(maxDuration);
  if (base === undefined || cap === undefined) return undefined;
  const delay = base * (factor ?? DEFAULT_FACTOR) ** attempts;
  return cap > 0 ? Math.min(delay, cap) : delay;
}

/** When the next attempt of an operation between two attempts is due, in milliseconds since 1970. */
export function retryDueAt(
  state: OperationState,
  parseTime: (text: string) => number,
): number | undefined {
  if (state.phase !== 'Running' || state.finishedAt === undefined) return undefined;
  const delay = retryDelayMs(state.operation.retry, state.retryCount ?? 0);
  return delay === undefined ? undefined : parseTime(state.finishedAt) + delay;
}

const OF_AN_ATTEMPT: ReadonlySet<string> = new Set([OWN_INFO.pruneWaves, OWN_INFO.phase]);

/** The state with which the next attempt begins; with `retry.refresh` it resolves the newest revision. */
export function beginRetry(state: OperationState): OperationState {
  const { finishedAt: _finished, syncResult, ...rest } = state;
  const operation = withoutOwnInfo(state.operation, OF_AN_ATTEMPT);
  const refresh = operation.retry?.refresh === true;
  const { revision: _revision, revisions: _revisions, ...unpinned } = operation.sync ?? {};
  const { resources: _resources, ...pinned } = syncResult ?? {};
  const { revision: _pinned, revisions: _pins, ...newest } = pinned;
  return {
    ...rest,
    operation: refresh ? { ...operation, sync: unpinned } : operation,
    message: `Retrying operation${refresh ? ' with latest revisions' : ''}. Attempt #${state.retryCount ?? 0}`,
    syncResult: refresh ? newest : pinned,
  };
}
