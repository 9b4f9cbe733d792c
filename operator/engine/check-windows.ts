import {
  decideWindows,
  matchingWindows,
  windowWarnings,
  type WindowDecision,
  type WindowTime,
} from '../core/project/sync-windows.ts';
import type { Application, OperationState, Project } from '../core/app/types.ts';
import type { NewCondition } from './admit.ts';
import type { EnginePorts } from './ports.ts';

/** What the sync windows of its project mean for an application now. */
export interface Windows {
  /** For an automated sync that would begin now. */
  readonly automated: WindowDecision;
  /** For an operation that was asked for or has begun. */
  operation(state: OperationState): WindowDecision;
  /** What `status` tells of them, with the next opening. */
  readonly conditions: readonly NewCondition[];
}

/** The conditions of `conditions`, of which each comparison decides anew. */
export const WINDOW_CONDITIONS = [
  'SyncWindowError',
  'SyncWindowInfo',
  'SyncWindowWarning',
] as const;

/** Needs no I/O; costs nothing for a project without windows. */
export function checkWindows(
  app: Application,
  project: Project,
  { schedule, clock }: Pick<EnginePorts, 'schedule' | 'clock'>,
): Windows {
  const windows = matchingWindows(project, app);
  const time = windowTime({ schedule, clock });
  const automated = decideWindows(windows, { by: 'automated' }, time);
  const manual = decideWindows(windows, { by: 'manual' }, time);
  const warnings = windowWarnings(windows, time).map((text) => ({
    type: 'SyncWindowWarning',
    message: `AppProject ${project.name}: ${text}`,
  }));
  return {
    automated,
    operation: (state) =>
      decideWindows(
        windows,
        {
          by: state.operation.initiatedBy?.automated === true ? 'automated' : 'manual',
          startedMs: Date.parse(state.startedAt),
        },
        time,
      ),
    conditions: [...closedCondition(project, automated, manual), ...warnings],
  };
}

/** What decisions about windows need to know of time, as of now. */
export function windowTime({
  schedule,
  clock,
}: Pick<EnginePorts, 'schedule' | 'clock'>): WindowTime {
  return {
    nowMs: clock.now(),
    stateAt: schedule.stateAt,
    show: (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

function closedCondition(
  { name }: Project,
  automated: WindowDecision,
  manual: WindowDecision,
): readonly NewCondition[] {
  if (automated.type === 'allowed') return [];
  const isInvalid = automated.reason === 'WindowInvalid';
  const who = manual.type === 'blocked' ? 'Syncs are' : 'Automated syncs are';
  const rest = manual.type === 'blocked' ? '' : '; manual syncs are allowed';
  return [
    {
      type: isInvalid ? 'SyncWindowError' : 'SyncWindowInfo',
      message: `${who} blocked by AppProject ${name}: ${automated.message}${rest}`,
    },
  ];
}

const BLOCKED = 'Sync operation blocked by sync window';

/** An operation that waits for a window: `Running`, with the window and its next opening as message. */
export function heldByWindow(state: OperationState, message: string): OperationState {
  return { ...state, phase: 'Running', message: `${BLOCKED}: ${message}` };
}

/** An operation that has only waited begins when its window opens, as far as timeouts and `syncOverrun` go. */
export function afterWindow(state: OperationState, now: string): OperationState {
  const waited = state.message?.startsWith(BLOCKED) === true;
  const untouched = (state.syncResult?.resources ?? []).length === 0;
  return waited && untouched ? { ...state, startedAt: now, message: '' } : state;
}
