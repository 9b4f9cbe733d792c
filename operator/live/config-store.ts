import { resourceKey, type KubeObject } from '../core/objects/kube-object.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { ApiResource } from '../ports/kube-client.ts';
import {
  createWatchedStore,
  type WatchedStore,
  type WatchedStoreOptions,
} from './watched-store.ts';

export interface StartableConfigStore extends ConfigStore, AsyncDisposable {
  /** Resolves when everything is listed. */
  start(signal: AbortSignal): Promise<void>;
}

export type ConfigStoreOptions = Omit<WatchedStoreOptions, 'address' | 'labelSelector'> & {
  /** Namespace of the control plane. */
  readonly namespace: string;
};

const SECRET_TYPE = 'argocd.argoproj.io/secret-type';
const POLICIES = 'argocd-rbac-cm';

const core = (kind: string, plural: string): ApiResource => ({
  group: '',
  version: 'v1',
  kind,
  plural,
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
  subresources: [],
  preferred: true,
});

/**
 * Configuration of the control plane. ConfigMaps must carry `app.kubernetes.io/part-of: argocd`;
 * Secrets that label or a secret type. `argocd-rbac-cm` goes by its name alone.
 */
export function createConfigStore(options: ConfigStoreOptions): StartableConfigStore {
  const { namespace } = options;
  const partOf = 'app.kubernetes.io/part-of=argocd';
  const maps = createWatchedStore({
    ...options,
    address: { resource: core('ConfigMap', 'configmaps'), namespace, name: '' },
    labelSelector: partOf,
  });
  // Who may do what must not depend on a label that somebody forgot.
  const policies = createWatchedStore({
    ...options,
    address: { resource: core('ConfigMap', 'configmaps'), namespace, name: '' },
    fieldSelector: `metadata.name=${POLICIES}`,
  });
  const settings = createWatchedStore({
    ...options,
    address: { resource: core('Secret', 'secrets'), namespace, name: '' },
    labelSelector: partOf,
  });
  const typed = createWatchedStore({
    ...options,
    address: { resource: core('Secret', 'secrets'), namespace, name: '' },
    labelSelector: SECRET_TYPE,
  });
  const stores = [maps, policies, settings, typed];
  /** Whose labels it has; what a store holds under other labels, its watch will correct. */
  function storesOf({ kind, metadata }: KubeObject): readonly WatchedStore[] {
    const { name, labels = {} } = metadata;
    const isPart = labels['app.kubernetes.io/part-of'] === 'argocd';
    if (kind === 'ConfigMap' && name === POLICIES) return [policies];
    if (kind === 'ConfigMap') return isPart ? [maps] : [];
    return [...(isPart ? [settings] : []), ...(SECRET_TYPE in labels ? [typed] : [])];
  }
  const key = (kind: string, name: string) => resourceKey({ group: '', kind, namespace, name });
  return {
    async start(signal) {
      await Promise.all(stores.map((store) => store.start(signal)));
    },
    configMap: (name) => (name === POLICIES ? policies : maps).get(key('ConfigMap', name)),
    secret: (name) => settings.get(key('Secret', name)) ?? typed.get(key('Secret', name)),
    secretsOfType: (type) =>
      typed
        .list()
        .filter((secret) => secret.metadata.labels?.[SECRET_TYPE] === type)
        .sort((left, right) => ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1)),
    observe(object) {
      for (const store of storesOf(object)) store.observe(object);
    },
    observeGone(object) {
      for (const store of storesOf(object)) store.observeGone(object);
    },
    onChange(listener) {
      const stack = new DisposableStack();
      for (const store of stores)
        stack.use(
          store.onChange(({ object }) => {
            const isTwice = store === maps && object.metadata.name === POLICIES;
            if (!isTwice) listener(object);
          }),
        );
      return { [Symbol.dispose]: () => stack.dispose() };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
    },
  };
}
