import { hasCode } from '../core/errors.ts';
import { HOOK_FINALIZER } from '../core/health/assess-health.ts';
import { keyOf, type KubeObject } from '../core/objects/kube-object.ts';
import { isHeldHook } from '../core/sync/hooks.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { Propagation } from '../ports/kube-client.ts';
import type { Logger } from '../ports/telemetry.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { addressOf } from './apply-object.ts';
import { deleteObject } from './delete-object.ts';

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

/**
 * Deletes this very hook object, held or not. Errors: `KubeConflict` when another object has its name
 * by now, and what else the API server says.
 */
export async function removeHook(
  cluster: Cluster,
  hook: KubeObject,
  propagation: Propagation,
  signal: AbortSignal,
): Promise<void> {
  if (hook.metadata.deletionTimestamp === undefined)
    await deleteObject(cluster, addressOf(cluster, hook), { live: hook, propagation }, signal);
  await releaseHooks(cluster, [hook], signal);
}

/**
 * With no operation under way nobody waits for the end of any hook: those that one has left are let go.
 * What stands in the way is logged; the next pass tries again.
 */
export async function releaseLeftHooks(
  { cluster, instance }: { readonly cluster: Cluster; readonly instance: string },
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  try {
    await releaseHooks(cluster, cluster.live.tracked(instance), signal);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ app: instance, err: error }, 'a hook keeps our finalizer');
  }
}

/** What deleting it has made of it, for instance. */
function newest(cluster: Cluster, hook: KubeObject): KubeObject | undefined {
  const live = cluster.live.get(keyOf(hook));
  return live?.metadata.uid === hook.metadata.uid ? live : undefined;
}

async function releaseHook(cluster: Cluster, hook: KubeObject, signal: AbortSignal): Promise<void> {
  const address = addressOf(cluster, hook);
  let seen: KubeObject | undefined = newest(cluster, hook);
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
