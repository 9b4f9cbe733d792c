import { builtInType } from '../core/diff/built-in-types.ts';
import {
  lastAppliedValues,
  mergePatch,
  threeWayMerge,
  withLastApplied,
} from '../core/diff/three-way.ts';
import { hasCode, TiphysError } from '../core/errors.ts';
import { describeResource, idOf, type KubeObject } from '../core/objects/kube-object.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { ObjectAddress, WriteOptions } from '../ports/kube-client.ts';

/** How often an object that changes under our hands is merged anew. */
const ATTEMPTS = 5;

/** What an apply did to the object. */
export interface ClientSideApplied {
  readonly object: KubeObject;
  readonly change: 'created' | 'configured' | 'unchanged';
}

/**
 * Applies as `kubectl apply` does without `--server-side`: merges what was applied last, what is
 * desired and what is live, and leaves a copy of desired in an annotation for the next time. Guarded
 * by resourceVersion. Errors: `Kube…`, and `KubeConflict` when the object changed each time.
 */
export async function clientSideApply(
  cluster: Cluster,
  address: ObjectAddress,
  target: KubeObject,
  write: WriteOptions & { readonly fieldManager: string },
  signal: AbortSignal,
): Promise<ClientSideApplied> {
  const desired = withLastApplied(target);
  const type =
    builtInType(target.apiVersion, target.kind) ??
    (await cluster.types.find(target.apiVersion, target.kind, signal));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    // The store keeps neither all managed fields nor what was applied to a Secret.
    const live = await cluster.client.get(address, signal);
    try {
      if (live === undefined) {
        const object = await cluster.client.create(address, desired, write, signal);
        return { object, change: 'created' };
      }
      const last = lastAppliedValues(live, write.fieldManager);
      const patch = mergePatch(live, threeWayMerge(last, desired, live, type));
      if (patch === undefined) return { object: live, change: 'unchanged' };
      const guarded = guard(patch, live);
      const options = { ...write, type: 'merge' as const };
      const object = await cluster.client.patch(address, guarded, options, signal);
      return { object, change: 'configured' };
    } catch (error) {
      if (!hasCode(error, 'KubeConflict', 'KubeAlreadyExists', 'KubeNotFound')) throw error;
      if (attempt === ATTEMPTS) throw error;
    }
  }
  throw new TiphysError('KubeConflict', `${describeResource(idOf(target))}: it keeps changing`);
}

function guard(patch: NonNullable<ReturnType<typeof mergePatch>>, live: KubeObject) {
  const metadata = patch['metadata'];
  const { resourceVersion } = live.metadata;
  return {
    ...patch,
    metadata: {
      ...(typeof metadata === 'object' ? metadata : {}),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}
