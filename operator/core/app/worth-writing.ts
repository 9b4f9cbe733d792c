import { jsonEqual, type JsonObject } from '../objects/json.ts';
import type { ApplicationStatus } from './types.ts';

/**
 * Whether a new status says something that the old one does not. The time of the comparison alone
 * is not worth a write; with `ignoreRevision` neither is a new revision that changed none of the
 * objects, so that a commit costs nothing for the applications it does not touch.
 */
export function isWorthWriting(
  before: ApplicationStatus,
  after: ApplicationStatus,
  { ignoreRevision }: { readonly ignoreRevision: boolean },
): boolean {
  return !jsonEqual(essence(before, ignoreRevision), essence(after, ignoreRevision));
}

function essence(status: ApplicationStatus, ignoreRevision: boolean): JsonObject {
  const { reconciledAt: _time, sync, ...rest } = status;
  if (!ignoreRevision || sync === undefined) return { ...rest, sync } as unknown as JsonObject;
  const { revision: _revision, revisions: _revisions, ...judged } = sync;
  return { ...rest, sync: judged } as unknown as JsonObject;
}
