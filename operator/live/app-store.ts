import { appKey } from '../core/app/app-key.ts';
import type { JsonObject } from '../core/objects/json.ts';
import { resourceKey, type KubeObject, type ResourceKey } from '../core/objects/kube-object.ts';
import { compareResourceVersions } from '../core/objects/resource-version.ts';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { AppStore, ProjectStore } from '../ports/app-store.ts';
import type { ApiCatalogue, ApiResource, ObjectAddress } from '../ports/kube-client.ts';
import { createWatchedStore, type WatchedStoreOptions } from './watched-store.ts';

export type ControlPlaneOptions = Omit<WatchedStoreOptions, 'address' | 'labelSelector'> & {
  readonly catalogue: ApiCatalogue;
  /** Namespace of the control plane. */
  readonly namespace: string;
};

const GROUP = 'argoproj.io';

function resourceOf(catalogue: ApiCatalogue, kind: string): ApiResource {
  const resource = catalogue.findKind({ group: GROUP, kind });
  if (resource === undefined)
    throw new TiphysError('KubeNotFound', `${kind}: the cluster does not serve ${GROUP} ${kind}`, {
      hint: 'Install the CRDs: tiphys crds | kubectl apply -f -',
    });
  return resource;
}

export interface StartableAppStore extends AppStore, AsyncDisposable {
  /** Resolves when all Applications are listed. */
  start(signal: AbortSignal): Promise<void>;
}

export interface AppStoreOptions extends ControlPlaneOptions {
  /** Also watch Applications outside the control-plane namespace. */
  readonly allNamespaces: boolean;
}

/**
 * The Applications of a control plane. Status goes through the subresource where the CRD has one,
 * else into the object itself. What a write returned is what the next read sees.
 */
export function createAppStore(options: AppStoreOptions): StartableAppStore {
  const { client, catalogue, namespace, allNamespaces } = options;
  let resource = resourceOf(catalogue, 'Application');
  const throughSubresource = () => resource.subresources.includes('status');
  const scope = allNamespaces ? '' : namespace;
  const store = createWatchedStore({
    ...options,
    address: { resource, namespace: scope, name: '' },
  });

  const deleted: { readonly object: KubeObject; readonly at: string }[] = [];
  const subscription = store.onChange(({ type, object }) => {
    if (type !== 'deleted') return;
    deleted.push({ object, at: store.resourceVersion });
    if (deleted.length > DELETED_KEPT) deleted.shift();
  });

  async function write(
    key: string,
    patch: JsonObject,
    resourceVersion: string | undefined,
    subresource: string | undefined,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const metadata = patch['metadata'];
    const guarded =
      resourceVersion === undefined
        ? patch
        : { ...patch, metadata: { ...(metadata as JsonObject | undefined), resourceVersion } };
    const stored = await client.patch(
      addressOf(resource, key),
      guarded,
      {
        type: 'merge',
        fieldManager: 'tiphys',
        ...(subresource === undefined ? {} : { subresource }),
      },
      signal,
    );
    store.observe(stored);
    return stored;
  }

  async function observed(written: Promise<KubeObject>): Promise<KubeObject> {
    const stored = await written;
    store.observe(stored);
    return stored;
  }

  const writeStatus = (
    key: string,
    status: JsonObject,
    resourceVersion: string | undefined,
    signal: AbortSignal,
    beside: JsonObject,
  ) =>
    throughSubresource()
      ? write(key, { status }, resourceVersion, 'status', signal)
      : write(key, { ...beside, status }, resourceVersion, undefined, signal);

  /** Whether another CRD is installed by now, with or without the subresource. */
  async function statusMoved(signal: AbortSignal): Promise<boolean> {
    const before = throughSubresource();
    resource = resourceOf(await client.discover(signal), 'Application');
    return throughSubresource() !== before;
  }

  async function patchStatus(
    key: string,
    status: JsonObject,
    resourceVersion: string | undefined,
    signal: AbortSignal,
    beside: JsonObject = {},
  ): Promise<KubeObject> {
    try {
      const stored = await writeStatus(key, status, resourceVersion, signal, beside);
      // An ordinary patch of `status` is dropped in silence once there is a subresource.
      const dropped = !throughSubresource() && stored['status'] === undefined;
      if (!dropped || !(await statusMoved(signal))) return stored;
      resourceVersion = stored.metadata.resourceVersion; // `beside` may have been written
    } catch (error) {
      // Either the Application is gone or the subresource is.
      if (!hasCode(error, 'KubeNotFound') || !(await statusMoved(signal))) throw error;
    }
    return await writeStatus(key, status, resourceVersion, signal, beside);
  }

  return {
    start: (signal) => store.start(signal),
    get: (key) => store.get(storeKey(key, 'Application')),
    list: () => store.list(),
    get resourceVersion() {
      return store.resourceVersion;
    },
    deletedSince: (version) =>
      deleted.flatMap(({ object, at }) => {
        const order = compareResourceVersions(at, version);
        return order === undefined || order > 0 ? [object] : [];
      }),
    async read(key, signal) {
      const object = await client.get(addressOf(resource, key), signal);
      if (object !== undefined) store.observe(object);
      return object;
    },
    get inOneWrite() {
      return !throughSubresource();
    },
    patchStatus,
    patch: (key, patch, resourceVersion, signal) =>
      write(key, patch, resourceVersion, undefined, signal),
    create: (object, signal) =>
      observed(client.create(addressOf(resource, keyOf(object)), object, WRITE, signal)),
    replace: (object, signal) =>
      observed(client.replace(addressOf(resource, keyOf(object)), object, WRITE, signal)),
    preview: (key, patch, type, signal) =>
      client.patch(addressOf(resource, key), patch, { ...WRITE, type, dryRun: true }, signal),
    async startOperation(key, operation, resourceVersion, signal) {
      const status = { operationState: null };
      if (!throughSubresource())
        return await write(key, { operation, status }, resourceVersion, undefined, signal);
      const { metadata } = await patchStatus(key, status, resourceVersion, signal);
      return await write(key, { operation }, metadata.resourceVersion, undefined, signal);
    },
    async delete(key, uid, signal) {
      const deletion = await client.delete(addressOf(resource, key), { uid }, signal);
      if (deletion.type === 'terminating') store.observe(deletion.object);
    },
    onChange: (listener) =>
      store.onChange(({ type, object, previous }) =>
        listener({
          type,
          key: appKey(object.metadata.namespace ?? '', object.metadata.name ?? ''),
          object,
          previous,
        }),
      ),
    async [Symbol.asyncDispose]() {
      subscription[Symbol.dispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** For who listed before and begins to watch now. */
const DELETED_KEPT = 1_000;
const WRITE = { fieldManager: 'tiphys' } as const;

function keyOf({ metadata }: KubeObject): string {
  return appKey(metadata.namespace ?? '', metadata.name ?? '');
}

function addressOf(resource: ApiResource, key: string): ObjectAddress {
  const [namespace = '', name = ''] = key.split('/');
  return { resource, namespace, name };
}

function storeKey(key: string, kind: string): ResourceKey {
  const [namespace = '', name = ''] = key.split('/');
  return resourceKey({ group: GROUP, kind, namespace, name });
}

export interface StartableProjectStore extends ProjectStore, AsyncDisposable {
  /** Resolves when all AppProjects are listed. */
  start(signal: AbortSignal): Promise<void>;
}

/** The AppProjects of a control plane; they live in its namespace only. */
export function createProjectStore(options: ControlPlaneOptions): StartableProjectStore {
  const { catalogue, namespace } = options;
  const resource = resourceOf(catalogue, 'AppProject');
  const store = createWatchedStore({ ...options, address: { resource, namespace, name: '' } });
  return {
    start: (signal) => store.start(signal),
    get: (name) => store.get(resourceKey({ group: GROUP, kind: 'AppProject', namespace, name })),
    list: () => store.list(),
    observe: (project) => store.observe(project),
    observeGone: (project) => store.observeGone(project),
    onChange: (listener) => store.onChange(({ object }) => listener(object.metadata.name ?? '')),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
