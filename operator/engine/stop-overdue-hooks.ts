import type { ResourceResult } from '../core/app/types.ts';
import { hasCode } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { SyncPlan, TaskKey } from '../core/sync/plan-sync.ts';
import type { Cluster } from '../ports/clusters.ts';
import { addressOf } from './apply-object.ts';

/**
 * Stops the Jobs among hooks that have just been found to be over their time: their Pods end, and the
 * Job stays to be read until its delete policy takes it away. What else runs is left to that policy.
 * To be done before the finding is stored, so that a stop in between loses nothing.
 */
export async function stopOverdueHooks(
  cluster: Cluster,
  plan: SyncPlan,
  found: ReadonlyMap<TaskKey, ResourceResult>,
  signal: AbortSignal,
): Promise<void> {
  for (const { key, type, kind, group, resource } of plan.tasks) {
    if (type !== 'hook' || kind !== 'Job' || group !== 'batch') continue;
    if (found.get(key)?.hookPhase !== 'Error') continue;
    const live = cluster.live.get(resource);
    if (live !== undefined) await stopJob(cluster, live, signal);
  }
}

/** Its own deadline, which may be changed at any time, is over at once. */
async function stopJob(cluster: Cluster, job: KubeObject, signal: AbortSignal): Promise<void> {
  const patch = { metadata: { uid: job.metadata.uid ?? '' }, spec: { activeDeadlineSeconds: 1 } };
  try {
    await cluster.client.patch(addressOf(cluster, job), patch, { type: 'merge' }, signal);
  } catch (error) {
    // Gone, or another one by now.
    if (!hasCode(error, 'KubeNotFound', 'KubeConflict', 'KubeInvalid')) throw error;
  }
}
