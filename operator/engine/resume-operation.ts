import type { Application, OperationState } from '../core/app/types.ts';
import { beginRetry, retryDueAt } from '../core/sync/retry.ts';
import type { Clock } from '../ports/clock.ts';
import type { AppMemory } from './app-memory.ts';
import { beginOperation, type CurrentOperation } from './operation.ts';
import { timestamp } from './run-sync-pass.ts';

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

/** Whether the status tells that this operation has begun. */
export function isStored({ status }: Application, { startedAt }: OperationState): boolean {
  return status.operationState?.startedAt === startedAt;
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
