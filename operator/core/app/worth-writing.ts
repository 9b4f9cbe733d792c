import { jsonEqual, type JsonObject } from '../objects/json.ts';
import type { ApplicationStatus } from './types.ts';

/**
 * Whether a new status says something that the old one does not. The time of the comparison alone
 * is not worth a write, unless it is the first since an operation ended; with `ignoreRevision` neither
 * is a new revision that changed none of the objects, so that a commit costs nothing for the
 * applications it does not touch.
 */
export function isWorthWriting(
  before: ApplicationStatus,
  after: ApplicationStatus,
  { ignoreRevision }: { readonly ignoreRevision: boolean },
): boolean {
  if (isFirstSinceOperation(before, after)) return true;
  return !jsonEqual(essence(before, ignoreRevision), essence(after, ignoreRevision));
}

/**
 * Whether nobody could see so far that the objects were compared after the last operation. Clients that
 * wait for the end of a sync wait for just that (`argocd app wait`; api.md 2.3 of the specification).
 */
function isFirstSinceOperation(
  before: ApplicationStatus,
  { operationState, reconciledAt = '' }: ApplicationStatus,
): boolean {
  const { phase, finishedAt } = operationState ?? {};
  if (finishedAt === undefined || phase === 'Running') return false;
  return (before.reconciledAt ?? '') < finishedAt && reconciledAt >= finishedAt;
}

function essence(status: ApplicationStatus, ignoreRevision: boolean): JsonObject {
  const { reconciledAt: _time, sync, ...rest } = status;
  if (!ignoreRevision || sync === undefined) return { ...rest, sync } as unknown as JsonObject;
  const { revision: _revision, revisions: _revisions, ...judged } = sync;
  return { ...rest, sync: judged } as unknown as JsonObject;
}
