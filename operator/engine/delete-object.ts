import { keyOf, type KubeObject } from '../core/objects/kube-object.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { Deletion, ObjectAddress, Propagation } from '../ports/kube-client.ts';

/**
 * Deletes this very object: one that has its name and another uid stays. What comes of it is visible
 * in the live state when this resolves.
 *
 * Errors: `KubeConflict` when another object has the name by now, and what the API server says.
 */
export async function deleteObject(
  { client, live: store }: Cluster,
  address: ObjectAddress,
  live: KubeObject,
  propagation: Propagation,
  signal: AbortSignal,
): Promise<Deletion> {
  const { uid } = live.metadata;
  const guard = uid === undefined ? {} : { uid };
  const deletion = await client.delete(address, { propagation, ...guard }, signal);
  if (deletion.type === 'terminating') store.observe(deletion.object);
  else if (uid !== undefined) store.observeGone(keyOf(live), uid);
  return deletion;
}
