import type { OperationState, ResourceResult } from '../app/types.ts';
import { jsonEqual } from '../objects/json.ts';

/** On a hook: it may be stopped in the middle when there is something newer to sync. */
export const INTERRUPTIBLE_ANNOTATION = 'tiphys.io/interruptible';

export interface SupersedeInput {
  /** The operation that runs, or waits for its next attempt. */
  readonly state: OperationState;
  /** What would be synced now, one revision for each source. */
  readonly revisions: readonly string[];
  /** Whether a running hook may be stopped. */
  readonly isInterruptible: (hook: ResourceResult) => boolean;
}

export type SupersedeDecision =
  | {
      readonly type: 'keep';
      readonly reason: 'NotAutomated' | 'NothingNewer' | 'HookRunning';
    }
  | { readonly type: 'supersede'; readonly message: string };

/**
 * Whether a newer revision ends an automated sync that has not finished: not what a person asked
 * for, and not between the start and the end of a hook, unless the hook says that it may be stopped.
 */
export function decideSupersede({
  state,
  revisions,
  isInterruptible,
}: SupersedeInput): SupersedeDecision {
  const { operation, syncResult } = state;
  if (operation.initiatedBy?.automated !== true) return { type: 'keep', reason: 'NotAutomated' };
  const current = syncResult?.revisions ?? [syncResult?.revision ?? ''];
  const isPinned = current.every((revision) => revision !== '');
  if (!isPinned || jsonEqual(current, revisions)) return { type: 'keep', reason: 'NothingNewer' };
  const running = (syncResult?.resources ?? []).filter(
    ({ hookType, hookPhase }) => hookType !== undefined && hookPhase === 'Running',
  );
  if (!running.every(isInterruptible)) return { type: 'keep', reason: 'HookRunning' };
  return { type: 'supersede', message: `superseded by revision ${revisions.join(', ')}` };
}
