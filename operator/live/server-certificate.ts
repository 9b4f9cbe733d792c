import type { KubeObject } from '../core/objects/kube-object.ts';
import { resourceKey } from '../core/objects/kube-object.ts';
import { textsOf } from '../core/objects/object-texts.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { ApiResource } from '../ports/kube-client.ts';
import { type KeyPair, problemOfPair } from '../runtime/key-pair.ts';
import { createWatchedStore, type WatchedStoreOptions } from './watched-store.ts';

export interface ServerCertificateOptions
  extends Omit<WatchedStoreOptions, 'address' | 'labelSelector' | 'fieldSelector'> {
  readonly config: Pick<ConfigStore, 'secret' | 'onChange'>;
  /** Of the control plane. */
  readonly namespace: string;
}

/** The certificate that the API shows, kept current. */
export interface ServerCertificate extends AsyncDisposable {
  /** Resolves when the Secrets are known. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * The pair of `argocd-server-tls`, which whoever manages certificates writes; else that of `argocd-secret`.
   * One that cannot be used is told in the log and passed over.
   */
  current(): KeyPair | undefined;
  /** The listener must not throw or wait. */
  onChange(listener: () => void): Disposable;
}

const OWN = 'argocd-server-tls';
const FALLBACK = 'argocd-secret';

const SECRETS: ApiResource = {
  ...{ group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
  ...{ verbs: ['get', 'list', 'watch'], subresources: [], preferred: true },
};

/** Builds it; nothing is watched until `start`. */
export function createServerCertificate(options: ServerCertificateOptions): ServerCertificate {
  const { config, namespace, logger, ...watch } = options;
  const store = createWatchedStore({
    ...{ ...watch, logger },
    address: { resource: SECRETS, namespace, name: '' },
    fieldSelector: `metadata.name=${OWN}`,
  });
  const own = resourceKey({ group: '', kind: 'Secret', namespace, name: OWN });

  function usable(secret: KubeObject | undefined): KeyPair | undefined {
    const texts = textsOf(secret);
    const pair = { certificate: texts.get('tls.crt') ?? '', key: texts.get('tls.key') ?? '' };
    if (pair.certificate === '' && pair.key === '') return undefined;
    const problem = problemOfPair(pair);
    if (problem === undefined) return pair;
    const object = `Secret ${secret?.metadata.name ?? ''}`;
    logger.error({ object, problem }, 'a certificate cannot be used');
    return undefined;
  }

  return {
    start: (signal) => store.start(signal),
    current: () => usable(store.get(own)) ?? usable(config.secret(FALLBACK)),
    onChange(listener) {
      const stack = new DisposableStack();
      stack.use(store.onChange(() => listener()));
      stack.use(
        config.onChange(({ kind, metadata }) => {
          if (kind === 'Secret' && metadata.name === FALLBACK) listener();
        }),
      );
      return { [Symbol.dispose]: () => stack.dispose() };
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
