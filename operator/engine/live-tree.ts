import type { ComparedResource } from '../core/app/compared-resource.ts';
import type { GroupKind, KubeObject } from '../core/objects/kube-object.ts';
import type { LiveState } from '../ports/live-state.ts';

/** Kinds that workloads make; held in full so that images and the tree are known. */
export const DESCENDANT_KINDS: readonly GroupKind[] = [
  { group: 'apps', kind: 'ReplicaSet' },
  { group: 'batch', kind: 'Job' },
  { group: '', kind: 'Pod' },
];

/** The application's live objects and everything they own, parents first. */
export function* liveTree(
  compared: readonly ComparedResource[],
  live: LiveState,
): Generator<KubeObject> {
  const seen = new Set<string>();
  const queue = compared.flatMap((resource) => resource.live ?? []);
  for (const object of queue) {
    const uid = object.metadata.uid ?? '';
    if (seen.has(uid)) continue;
    seen.add(uid);
    yield object;
    if (uid !== '') queue.push(...live.ownedBy(uid));
  }
}
