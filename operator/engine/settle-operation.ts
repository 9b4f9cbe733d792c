import type { OperationState } from '../core/app/types.ts';
import { decideRetry, retryDelayMs } from '../core/sync/retry.ts';
import { isCompleted, type SyncPass } from './run-sync-pass.ts';

/** How an operation stands after a pass, retries and timeouts considered. */
export interface SettledOperation {
  readonly state: OperationState;
  readonly type: 'finished' | 'going-on';
  /** When to look again, if nothing happens before. */
  readonly afterMs: number | undefined;
}

export interface SettleOptions {
  readonly nowMs: number;
  /** 0 is never. */
  readonly timeoutMs: number;
}

/**
 * Turns the failure of a pass into a retry where the operation allows one (`Running` with
 * `finishedAt`, as the incumbent shows it), and too long a run into `Terminating`. Pure.
 */
export function settleOperation(
  pass: SyncPass,
  { nowMs, timeoutMs }: SettleOptions,
): SettledOperation {
  const { state } = pass;
  if (!isCompleted(state.phase)) {
    const started = Date.parse(state.startedAt);
    if (timeoutMs > 0 && nowMs - started > timeoutMs)
      return {
        state: {
          ...state,
          phase: 'Terminating',
          message: 'operation is terminating due to timeout',
        },
        type: 'going-on',
        afterMs: 0,
      };
    return { state, type: 'going-on', afterMs: undefined };
  }
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
