import type { OperationState, SyncPhase } from '../app/types.ts';
import { PHASES } from './order.ts';
import { OWN_INFO, readInfo, withInfo } from './own-info.ts';

/** Where a sync is, as its results tell; `undefined` before the first. */
export function currentPhase({ syncResult }: OperationState): SyncPhase | undefined {
  const reached = (syncResult?.resources ?? []).map(({ syncPhase }) =>
    PHASES.indexOf(syncPhase ?? 'Sync'),
  );
  return PHASES[Math.max(-1, ...reached)];
}

export interface PhaseTimes {
  /** RFC 3339 to milliseconds since 1970. */
  readonly parseTime: (text: string) => number;
  /** Back again. */
  readonly formatTime: (ms: number) => string;
}

/** The operation with a note since when it has been in its phase; the same one when it says so already. */
export function notePhase(state: OperationState, nowMs: number, times: PhaseTimes): OperationState {
  const phase = currentPhase(state);
  if (phase === undefined || readPhase(state, times)?.phase === phase) return state;
  const value = `${phase} ${times.formatTime(nowMs)}`;
  return { ...state, operation: withInfo(state.operation, OWN_INFO.phase, value) };
}

/** The phase that was noted last, and when it began; `undefined` when nothing legible was. */
export function readPhase(
  { operation }: OperationState,
  { parseTime }: Pick<PhaseTimes, 'parseTime'>,
): { readonly phase: SyncPhase; readonly sinceMs: number } | undefined {
  const [name, time = ''] = readInfo(operation, OWN_INFO.phase)?.split(' ') ?? [];
  const phase = PHASES.find((one) => one === name);
  const sinceMs = parseTime(time);
  return phase === undefined || Number.isNaN(sinceMs) ? undefined : { phase, sinceMs };
}
