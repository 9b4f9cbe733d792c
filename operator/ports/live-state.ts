import type { GroupKind, KubeObject, ResourceKey } from '../core/objects/kube-object.ts';
import type { ApiCatalogue } from './kube-client.ts';

/** How much of an object the store holds. */
export type LiveDepth = 'metadata' | 'full';

/** One change of one object, after the store has taken it in. */
export interface LiveEvent {
  readonly type: 'applied' | 'deleted';
  readonly key: ResourceKey;
  readonly object: KubeObject;
  /** What the store held before; absent when the object is new. */
  readonly previous: KubeObject | undefined;
  readonly depth: LiveDepth;
}

/**
 * What runs in one cluster, kept current by watches. Readers get frozen objects and never wait,
 * except for `ensure`.
 *
 * Every kind that can be listed and watched is held, at least as metadata, so that objects carrying
 * our mark are found whatever their kind. `metadata.managedFields` holds at most the entries of our
 * own field managers.
 */
export interface LiveState {
  /** The discovery the store works with; renewed when CRDs and APIServices change. */
  readonly catalogue: ApiCatalogue;
  /** Kinds that the settings leave alone: nothing is known of their objects. Default: none. */
  readonly isExcluded?: (kind: GroupKind) => boolean;
  /** How many objects are held. */
  readonly size: number;
  /** Deepens these kinds to full objects and resolves when all of them have been listed. Unknown kinds are passed over. */
  ensure(kinds: readonly GroupKind[], signal: AbortSignal): Promise<void>;
  /** Renews discovery now, e.g. after a CRD was applied, and starts watching what is new. */
  rediscover(signal: AbortSignal): Promise<void>;
  get(key: ResourceKey): KubeObject | undefined;
  depthOf(kind: GroupKind): LiveDepth | undefined;
  /** Objects that carry the tracking mark of this application instance, in no particular order. */
  tracked(instance: string): readonly KubeObject[];
  /** Objects whose ownerReferences name this uid. */
  ownedBy(uid: string): readonly KubeObject[];
  /** All objects of a kind. */
  ofKind(kind: GroupKind): Iterable<KubeObject>;
  /** Objects of one namespace, for the orphan monitor and for tools. */
  inNamespace(namespace: string): readonly KubeObject[];
  /** Feeds an object just received from a write into the store, so that the next read sees it without waiting for the watch. */
  observe(object: KubeObject): void;
  /** Takes in that a delete was answered with "gone": from now on no reader sees this object, which its uid names. */
  observeGone(key: ResourceKey, uid: string): void;
  /** Called for every change after it is visible to readers. The listener must not throw or wait. */
  subscribe(listener: (event: LiveEvent) => void): Disposable;
}
