import type { Application, OperationState } from '../core/app/types.ts';
import { beginRetry, retryDueAt } from '../core/sync/retry.ts';
import type { Clock } from '../ports/clock.ts';
import type { AppMemory } from './app-memory.ts';
import { beginOperation, type CurrentOperation } from './operation.ts';
import { isCompleted, timestamp } from './run-sync-pass.ts';

/** The operation to carry on with: asked for just now, begun earlier, or due for its next attempt. */
export function beginOrResume(
  app: Application,
  operation: CurrentOperation,
  clock: Clock,
): OperationState | undefined {
  if (operation.type === 'running') {
    if (operation.state.finishedAt === undefined) return operation.state;
    const due = retryDueAt(operation.state, Date.parse);
    return due === undefined || due <= clock.now() ? beginRetry(operation.state) : undefined;
  }
  if (operation.type === 'requested')
    return beginOperation(app, operation.operation, timestamp(clock));
  return undefined;
}

/**
 * Whether the status tells that this operation has begun. A self-heal may begin within the second, the
 * shortest time that a status tells of, in which the operation before it began.
 */
export function isStored({ status }: Application, state: OperationState): boolean {
  const stored = status.operationState;
  return stored?.startedAt === state.startedAt && healsOf(stored) === healsOf(state);
}

const healsOf = ({ operation }: OperationState): number =>
  operation.sync?.autoHealAttemptsCount ?? 0;

/**
 * When a sync with hooks may begin: not in the second in which the one before it began, for their hooks
 * are told apart by that second. In ms from now, and then with another beginning; 0: as it is.
 */
export function untilOwnSecond(
  { status }: Application,
  { startedAt }: OperationState,
  hasHooks: boolean,
  nowMs: number,
): number {
  const last = status.operationState;
  if (!hasHooks || last?.startedAt !== startedAt || !isCompleted(last.phase)) return 0;
  return Math.max(1, Date.parse(startedAt) + 1_000 - nowMs); // a pass may take over a second's end
}

/** The operation of an earlier pass whose outcome could not be written, unless another has come. */
export function unwrittenOf(
  app: Application,
  operation: CurrentOperation,
  { unwritten }: AppMemory,
): OperationState | undefined {
  if (operation.type !== 'none' || unwritten?.uid !== app.metadata.uid) return undefined;
  return isStored(app, unwritten.state) ? undefined : unwritten.state;
}
