import type { OperationState } from '../core/app/types.ts';
import { decideRetry, retryDelayMs } from '../core/sync/retry.ts';
import { notePhase, readPhase } from '../core/sync/phase-timeout.ts';
import { formatTime, isCompleted, type SyncPass } from './run-sync-pass.ts';

/** What the message of an operation begins with that is terminated because it takes too long. */
export const TIMED_OUT = 'operation is terminating due to timeout';
const TIMES = { parseTime: Date.parse, formatTime };

/** How an operation stands after a pass, retries and timeouts considered. */
export interface SettledOperation {
  readonly state: OperationState;
  readonly type: 'finished' | 'going-on';
  /** When to look again, if nothing happens before. */
  readonly afterMs: number | undefined;
  /** When a limit of time is reached, milliseconds since 1970. */
  readonly dueAtMs?: number | undefined;
}

export interface SettleOptions {
  readonly nowMs: number;
  /** Of the whole operation; 0 is never. */
  readonly timeoutMs: number;
  /** Of each of its phases; 0 is never. */
  readonly phaseTimeoutMs: number;
}

/**
 * Turns the failure of a pass into a retry where the operation allows one (`Running` with
 * `finishedAt`, as the incumbent shows it), and too long a run into `Terminating`. Pure.
 */
export function settleOperation(pass: SyncPass, options: SettleOptions): SettledOperation {
  const { nowMs } = options;
  const { state } = pass;
  if (!isCompleted(state.phase)) return withinLimits(state, options);
  if (state.phase === 'Succeeded') return { state, type: 'finished', afterMs: undefined };
  const decision = decideRetry(state);
  switch (decision.type) {
    case 'exhausted': {
      const count = state.retryCount ?? 0;
      const message =
        count > 0 ? `${state.message ?? ''} (retried ${count} times).` : state.message;
      return { state: { ...state, message }, type: 'finished', afterMs: undefined };
    }
    case 'invalid': {
      const message = `${state.message ?? ''} (failed to retry: ${decision.message})`;
      return { state: { ...state, phase: 'Error', message }, type: 'finished', afterMs: undefined };
    }
    case 'retry': {
      const at = clockTime(nowMs + decision.announcedMs);
      const message = `${state.message ?? ''}. Retrying attempt #${decision.attempt} at ${at}.`;
      const afterMs = retryDelayMs(state.operation.retry, decision.attempt);
      return {
        state: { ...state, phase: 'Running', message, retryCount: decision.attempt },
        type: 'going-on',
        afterMs,
      };
    }
  }
}

/** `3:04PM`, UTC. */
function clockTime(ms: number): string {
  const date = new Date(ms);
  const hours = date.getUTCHours();
  const minutes = String(date.getUTCMinutes()).padStart(2, '0');
  return `${hours % 12 === 0 ? 12 : hours % 12}:${minutes}${hours < 12 ? 'AM' : 'PM'}`;
}

/** An operation that goes on, unless it or its phase has taken too long. */
function withinLimits(
  running: OperationState,
  { nowMs, timeoutMs, phaseTimeoutMs }: SettleOptions,
): SettledOperation {
  const state = phaseTimeoutMs > 0 ? notePhase(running, nowMs, TIMES) : running;
  const current = phaseTimeoutMs > 0 ? readPhase(state, TIMES) : undefined;
  const dueAtMs = timeoutMs > 0 ? Date.parse(state.startedAt) + timeoutMs : Infinity;
  const phaseDueAtMs = current === undefined ? Infinity : current.sinceMs + phaseTimeoutMs;
  const terminating = (message: string): SettledOperation => ({
    state: { ...state, phase: 'Terminating', message },
    type: 'going-on',
    afterMs: 0,
  });
  if (nowMs > dueAtMs) return terminating(TIMED_OUT);
  if (nowMs > phaseDueAtMs)
    return terminating(`${TIMED_OUT} of phase ${current?.phase} (${phaseTimeoutMs / 1000}s)`);
  const next = Math.min(dueAtMs, phaseDueAtMs) + 1;
  return { state, type: 'going-on', afterMs: undefined, ...(next < Infinity && { dueAtMs: next }) };
}
