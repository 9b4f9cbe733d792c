import { hasCode } from '../core/errors.ts';
import { keyOf, type KubeObject } from '../core/objects/kube-object.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { Deletion, ObjectAddress, Propagation } from '../ports/kube-client.ts';

export interface DeleteRequest {
  /** As it was when its deletion was decided. */
  readonly live: KubeObject;
  readonly propagation: Propagation;
  /** Whether an object that was changed since may be deleted all the same. Default: any of its uid. */
  readonly mayGo?: (object: KubeObject) => boolean;
}

/** It was changed so that it may not go any more; nothing was done to it. */
export interface Kept {
  readonly type: 'kept';
}

const ATTEMPTS = 5;

/**
 * Deletes this very object as it was looked at: one that has its name and another uid stays, and one
 * that was changed meanwhile is looked at again. What comes of it is visible in the live state when
 * this resolves.
 *
 * Errors: `KubeConflict` when another object has the name by now, or when this one changes faster than
 * it can be looked at; and what the API server says.
 */
export async function deleteObject(
  { client, live: store }: Cluster,
  address: ObjectAddress,
  { live, propagation, mayGo }: DeleteRequest,
  signal: AbortSignal,
): Promise<Deletion | Kept> {
  const { uid } = live.metadata;
  let seen = live;
  for (let attempt = 1; ; attempt += 1) {
    if (mayGo?.(seen) === false) return { type: 'kept' };
    try {
      const guard = guardOf(seen, mayGo !== undefined);
      return told(await client.delete(address, { propagation, ...guard }, signal));
    } catch (error) {
      if (!hasCode(error, 'KubeConflict') || mayGo === undefined || attempt === ATTEMPTS)
        throw error;
      const now = await client.get(address, signal);
      if (now === undefined) return told({ type: 'absent' });
      if (now.metadata.uid !== uid) throw error;
      if (now.metadata.deletionTimestamp !== undefined)
        return told({ type: 'terminating', object: now });
      seen = now;
    }
  }

  function told(deletion: Deletion): Deletion {
    if (deletion.type === 'terminating') store.observe(deletion.object);
    else if (uid !== undefined) store.observeGone(keyOf(live), uid);
    return deletion;
  }
}

function guardOf({ metadata: { uid, resourceVersion } }: KubeObject, exactly: boolean) {
  if (uid === undefined) return {};
  return exactly && resourceVersion !== undefined ? { uid, resourceVersion } : { uid };
}
