import { hasCode } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { FinalizerStore } from '../ports/finalizer-store.ts';
import type { ApiResource, KubeClient } from '../ports/kube-client.ts';

export interface FinalizerStoreOptions {
  readonly client: KubeClient;
  /** The kind of the objects. */
  readonly resource: ApiResource;
}

/**
 * The finalizers of one kind, written with a merge patch that the object's resourceVersion guards.
 * Errors: `Kube…` codes, such as `KubeForbidden`.
 */
export function createFinalizerStore({
  client,
  resource,
}: FinalizerStoreOptions): FinalizerStore<KubeObject> {
  return {
    finalizersOf: (object) => object.metadata.finalizers ?? [],
    isBeingDeleted: (object) => object.metadata.deletionTimestamp !== undefined,
    async store({ metadata }, finalizers, signal) {
      const { namespace = '', name = '', uid, resourceVersion } = metadata;
      const guard = { uid: uid ?? null, resourceVersion: resourceVersion ?? null };
      try {
        return await client.patch(
          { resource, namespace, name },
          { metadata: { ...guard, finalizers: [...finalizers] } },
          { type: 'merge' },
          signal,
        );
      } catch (error) {
        if (hasCode(error, 'KubeConflict', 'KubeNotFound')) return undefined;
        throw error;
      }
    },
  };
}
