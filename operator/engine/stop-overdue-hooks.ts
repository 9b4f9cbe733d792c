import type { ResourceResult } from '../core/app/types.ts';
import { hasCode, toTiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { SyncPlan, TaskKey } from '../core/sync/plan-sync.ts';
import { stopPatch } from '../core/sync/stop-hook.ts';
import type { Cluster } from '../ports/clusters.ts';
import { addressOf } from './apply-object.ts';

/**
 * Stops hooks that have just been found to be over their time, where their kind can be stopped: the
 * object stays to be read until its delete policy takes it away. To be done before the finding is
 * stored, so that a stop in between loses nothing. Resolves with the findings, and among them why one
 * could not be stopped.
 */
export async function stopOverdueHooks(
  cluster: Cluster,
  plan: SyncPlan,
  found: ReadonlyMap<TaskKey, ResourceResult>,
  signal: AbortSignal,
): Promise<ReadonlyMap<TaskKey, ResourceResult>> {
  const told = new Map(found);
  for (const { key, type, resource } of plan.tasks) {
    const result = found.get(key);
    if (type !== 'hook' || result?.hookPhase !== 'Error') continue;
    const live = cluster.live.get(resource);
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) continue;
    const refusal = await stopHook(cluster, live, signal);
    if (refusal !== undefined)
      told.set(key, { ...result, message: `${result.message ?? ''}; ${refusal}` });
  }
  return told;
}

/**
 * Tells this very hook object to stop, if its kind can be told and it was not. Resolves with why that
 * was refused: then it goes on, and its time is over all the same. Errors: `KubeUnreachable` and the like.
 */
export async function stopHook(
  cluster: Cluster,
  hook: KubeObject,
  signal: AbortSignal,
): Promise<string | undefined> {
  const patch = stopPatch(hook);
  if (patch === undefined) return undefined;
  try {
    await cluster.client.patch(addressOf(cluster, hook), patch, { type: 'merge' }, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'KubeNotFound', 'KubeConflict')) return undefined; // gone, or another one by now
    if (!hasCode(error, 'KubeInvalid', 'KubeForbidden', 'KubeRejected', 'NotPermitted'))
      throw error;
    return `it goes on, for it could not be stopped: ${toTiphysError(error).message}`;
  }
}
