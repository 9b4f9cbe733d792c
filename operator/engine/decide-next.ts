import type {
  Application,
  ApplicationStatus,
  Operation,
  OperationState,
} from '../core/app/types.ts';
import type { DependencyVerdict } from '../core/app/depends-on.ts';
import type { WindowDecision } from '../core/project/sync-windows.ts';
import { nextStepFor } from '../core/app/explain-decision.ts';
import { nameOf } from '../core/app/resource-status.ts';
import { retryDueAt } from '../core/sync/retry.ts';
import {
  type AutoSyncSkip,
  decideAutoSync,
  type SelfHealSettings,
} from '../core/sync/auto-sync.ts';
import type { NewCondition } from './admit.ts';
import type { LoadedState } from './load-state.ts';
import { formatTime } from './run-sync-pass.ts';

/** What follows a comparison. */
export type NextDecision =
  | {
      readonly type: 'idle';
      /** SyncError and the like, or nothing to clear them. */
      readonly conditions: readonly NewCondition[];
      /** Whether an earlier SyncError stays: nothing was decided that could renew it. */
      readonly keepsSyncError?: boolean;
      /** When to decide again, if time alone changes the answer. */
      readonly retryAfterMs: number | undefined;
      readonly reason: string;
    }
  | { readonly type: 'sync'; readonly operation: Operation };

type Idle = Extract<NextDecision, { type: 'idle' }>;

export interface DecideOptions {
  readonly nowMs: number;
  readonly selfHeal: SelfHealSettings;
  /** Whether other Applications have to come first; asked only when a sync is due. */
  readonly dependencies: () => DependencyVerdict;
  /** Whether sync windows allow an automated sync now. */
  readonly windows: WindowDecision;
}

/** Why automated sync, though it is on, leaves an application OutOfSync. */
export const AUTO_SYNC_INFO = 'AutoSyncInfo';

const info = (message: string): NewCondition => ({ type: AUTO_SYNC_INFO, message });

/** Of other reasons something else in the status tells: the spec, the operation, other conditions. */
const leftAlone = (reason: AutoSyncSkip): readonly NewCondition[] =>
  reason === 'SelfHealDisabled' || reason === 'OnlyPruningLeft' ? [info(nextStepFor(reason))] : [];

const READY: DependencyVerdict = { type: 'ready' };

/** Their status tells when they are ready; the timer is for what is not in their status. */
const DEPENDENCY_POLL_MS = 5_000;

function dependencyWait(verdict: Exclude<DependencyVerdict, { type: 'ready' }>): NextDecision {
  const isCycle = verdict.type === 'cycle';
  return {
    type: 'idle',
    conditions: [{ type: isCycle ? 'SyncError' : 'DependencyWarning', message: verdict.message }],
    retryAfterMs: isCycle ? undefined : DEPENDENCY_POLL_MS,
    reason: isCycle ? 'DependencyCycle' : 'WaitsForDependencies',
  };
}

/** An operation that has begun goes on; else automated sync decides, on the status as just compared. */
export function decideNext(
  app: Application,
  status: ApplicationStatus,
  loaded: LoadedState,
  begun: OperationState | undefined,
  { nowMs, selfHeal, dependencies, windows }: DecideOptions,
): NextDecision {
  const idle = (reason: string, retryAfterMs?: number): Idle => ({
    type: 'idle',
    conditions: [],
    retryAfterMs,
    reason,
  });
  if (begun !== undefined) return { type: 'sync', operation: begun.operation };
  const waiting = app.status.operationState;
  const due = waiting === undefined ? undefined : retryDueAt(waiting, Date.parse);
  if (due !== undefined) return idle('RetryLater', Math.max(0, due - nowMs));
  const held = new Set(
    loaded.compared.filter((r) => r.held !== undefined).map((r) => nameOf(r.id)),
  );
  const decision = decideAutoSync({
    app,
    resources: status.resources ?? [],
    syncStatus: status.sync?.status ?? 'Unknown',
    revisions: loaded.manifests.revisions,
    sourceMayHaveChanged: true,
    nowMs,
    selfHeal,
    isHeld: (resource) => held.has(nameOf(resource)),
    parseTime: Date.parse,
  });
  if (windows.type === 'blocked')
    return {
      ...idle(decision.type === 'skip' ? decision.reason : 'SyncWindowClosed'),
      keepsSyncError: true,
    };
  switch (decision.type) {
    case 'skip':
      return { ...idle(decision.reason), conditions: leftAlone(decision.reason) };
    case 'refuse':
      return {
        type: 'idle',
        conditions: [{ type: 'SyncError', message: decision.message }],
        retryAfterMs: undefined,
        reason: decision.reason,
      };
    case 'retry-at':
      return {
        ...idle(decision.reason, Math.max(0, decision.atMs - nowMs)),
        conditions: [info(`healed a moment ago; healed again at ${formatTime(decision.atMs)}`)],
      };
    case 'sync': {
      const verdict = decision.reason === 'SelfHeal' ? READY : dependencies();
      return verdict.type === 'ready'
        ? { type: 'sync', operation: decision.operation }
        : dependencyWait(verdict);
    }
  }
}
