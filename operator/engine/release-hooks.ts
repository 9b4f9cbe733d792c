import { hasCode } from '../core/errors.ts';
import { HOOK_FINALIZER } from '../core/health/assess-health.ts';
import { keyOf, type KubeObject } from '../core/objects/kube-object.ts';
import { isHeldHook } from '../core/sync/hooks.ts';
import type { Cluster } from '../ports/clusters.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { addressOf } from './apply-object.ts';

/** A hook changes while it runs; after this many lost races the next pass goes on. */
const ATTEMPTS = 4;
const WIDTH = 10;

/**
 * Takes our finalizer off hook objects whose end has been read, and shows them to the live store.
 * Other finalizers stay, and so do objects that are not held. Errors: `KubeConflict` when somebody
 * else keeps writing, and what else the API server says.
 */
export async function releaseHooks(
  cluster: Cluster,
  hooks: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  const held = hooks.filter(isHeldHook);
  await mapLimit(held, WIDTH, (hook, stop) => releaseHook(cluster, hook, stop), signal);
}

async function releaseHook(cluster: Cluster, hook: KubeObject, signal: AbortSignal): Promise<void> {
  const address = addressOf(cluster, hook);
  let seen: KubeObject | undefined = hook;
  for (let attempt = 1; ; attempt += 1) {
    if (seen === undefined || seen.metadata.uid !== hook.metadata.uid || !isHeldHook(seen)) return;
    const finalizers = (seen.metadata.finalizers ?? []).filter((one) => one !== HOOK_FINALIZER);
    const { resourceVersion = '' } = seen.metadata;
    try {
      const patch = { metadata: { resourceVersion, finalizers } };
      const stored = await cluster.client.patch(address, patch, { type: 'merge' }, signal);
      const { uid = '', deletionTimestamp } = stored.metadata;
      // The last finalizer of an object that is being deleted was its end.
      if (deletionTimestamp !== undefined && finalizers.length === 0)
        cluster.live.observeGone(keyOf(stored), uid);
      else cluster.live.observe(stored);
      return;
    } catch (error) {
      if (hasCode(error, 'KubeNotFound')) return;
      if (!hasCode(error, 'KubeConflict') || attempt === ATTEMPTS) throw error;
      seen = await cluster.client.get(address, signal);
    }
  }
}
