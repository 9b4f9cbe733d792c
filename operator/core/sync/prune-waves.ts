import type { Operation } from '../app/types.ts';
import { resourceOptions, type SyncOptions } from './options.ts';
import { reversePruneWaves } from './order.ts';
import { OWN_INFO, readInfo, withInfo } from './own-info.ts';
import type { SyncPlan, SyncTask } from './plan-sync.ts';

/** The distinct waves that the objects to prune ask for, ascending. */
export function pruneWavesOf(tasks: readonly SyncTask[]): readonly number[] {
  const waves = tasks.filter(({ type }) => type === 'prune').map(({ wave }) => wave);
  return [...new Set(waves)].sort((one, other) => one - other);
}

/**
 * Gives prune tasks the wave they run in: the `waves` are swapped end to end, so that what was applied
 * last goes first; what is pruned last comes after everything else of the Sync phase.
 */
export function arrangePrunes(
  tasks: readonly SyncTask[],
  waves: readonly number[],
  { pruneLast }: Pick<SyncOptions, 'pruneLast'>,
): SyncTask[] {
  const reversed = reversePruneWaves(waves);
  const applied = tasks.flatMap(({ type, phase, wave }) =>
    type !== 'prune' && phase === 'Sync' ? [wave] : [],
  );
  const last = [...applied, ...waves].reduce((one, other) => Math.max(one, other), 0) + 1;
  return tasks.map((task) => {
    if (task.type !== 'prune') return task;
    const isLast = pruneLast || resourceOptions(task.live).has('PruneLast=true');
    return { ...task, wave: isLast ? last : (reversed.get(task.wave) ?? task.wave) };
  });
}

/** Whether the operation has to be stored with its prune waves before anything is pruned. */
export function hasUnstoredWaves({ pruneWaves }: SyncPlan, operation: Operation): boolean {
  const { prune, dryRun } = operation.sync ?? {};
  const prunes = prune === true && dryRun !== true;
  return prunes && pruneWaves.length > 1 && readPruneWaves(operation) === undefined;
}

/**
 * What was stored when the sync began; `undefined` when nothing was, or nothing legible. What is pruned
 * is gone afterwards, and with it the annotation that told its wave: without this the rest would be
 * swapped anew in every pass.
 */
export function readPruneWaves(operation: Operation): readonly number[] | undefined {
  const text = readInfo(operation, OWN_INFO.pruneWaves) ?? '';
  return /^-?\d+( -?\d+)*$/.test(text) ? text.split(' ').map(Number) : undefined;
}

export function withPruneWaves(operation: Operation, waves: readonly number[]): Operation {
  return withInfo(operation, OWN_INFO.pruneWaves, waves.join(' '));
}
