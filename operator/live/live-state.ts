import { hasCode, toTiphysError } from '../core/errors.ts';
import {
  apiVersionOf,
  type GroupKind,
  groupOf,
  type KubeObject,
  keyOf,
  type ResourceKey,
} from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiCatalogue, ApiResource, KubeClient } from '../ports/kube-client.ts';
import type { LiveEvent, LiveState } from '../ports/live-state.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createKeyedLock } from '../runtime/keyed-lock.ts';
import { createLimiter } from '../runtime/limiter.ts';
import { type Collection, type CollectionChange, createCollection } from './collection.ts';
import { createDiscoveryTrigger } from './discovery-trigger.ts';
import { createIngest, LEGACY_MANAGERS } from './ingest.ts';
import { type KindWatch, startKindWatch } from './kind-watch.ts';
import { createObjectIndex } from './object-index.ts';
import { createTroubleLog } from './trouble-log.ts';

export interface LiveStateOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** The application instance whose tracking mark an object carries. Pure: same object, same answer. */
  readonly instanceOf: (object: KubeObject) => string | undefined;
  /** Kinds that are not watched at all; see `isExcludedKind`. */
  readonly excluded: (resource: Pick<ApiResource, 'group' | 'kind'>) => boolean;
  /** Managers whose entries in `managedFields` are kept. */
  readonly fieldManagers: readonly string[];
  /** Managers whose `Update` entries are kept for adoption. Default: `LEGACY_MANAGERS`. */
  readonly legacyManagers?: readonly string[];
  /** Namespaced mode when not empty: only these namespaces. */
  readonly namespaces?: readonly string[];
  /** Namespaced mode: cluster-scoped kinds too. Default false. */
  readonly clusterResources?: boolean;
  /** How many kinds are listed at the same time. Default 20. */
  readonly maxConcurrentLists?: number;
  /** Told of a defect that ended the watch of a kind. Default: an error in the log. */
  readonly onFatal?: (error: unknown) => void;
}

/** A live state that has to be started, once, and disposed of. */
export interface StartableLiveState extends LiveState, AsyncDisposable {
  /**
   * Resolves when every kind is listed as metadata, except those that may not or cannot be listed,
   * which are asked for again every few minutes. Waits for an API server that comes and goes.
   * Errors: those of the first discovery.
   */
  start(signal: AbortSignal): Promise<void>;
}

interface Kind {
  readonly watch: KindWatch;
  readonly collection: Collection;
}

const NOTHING: ApiCatalogue = {
  resources: [],
  apiVersions: [],
  incompleteGroups: new Set(),
  find: () => undefined,
  findKind: () => undefined,
};

export function createLiveState(options: LiveStateOptions): StartableLiveState {
  const { client, clock, logger, instanceOf, namespaces = [] } = options;
  const stop = new AbortController();
  const kinds = new Map<string, Kind>();
  const listeners = new Set<(event: LiveEvent) => void>();
  const discoveries = createKeyedLock();
  const listSlots = createLimiter(options.maxConcurrentLists ?? 20);
  const troubles = createTroubleLog(logger.child({ cluster: client.server }));
  const ingest = createIngest({
    fieldManagers: options.fieldManagers,
    legacyManagers: options.legacyManagers ?? LEGACY_MANAGERS,
  });
  let catalogue = NOTHING;

  const byInstance = createObjectIndex((object) => {
    const instance = instanceOf(object);
    return instance === undefined ? [] : [instance];
  });
  const byOwner = createObjectIndex((object) =>
    (object.metadata.ownerReferences ?? []).map((owner) => owner.uid),
  );
  const byNamespace = createObjectIndex((object) =>
    object.metadata.namespace === undefined ? [] : [object.metadata.namespace],
  );

  const trigger = createDiscoveryTrigger({
    clock,
    random: options.random,
    discover: async () => {
      await rediscover(stop.signal);
      return catalogue;
    },
    onError: (error) => {
      if (!stop.signal.aborted) {
        logger.warn({ err: toTiphysError(error), cluster: client.server }, 'discovery failed');
      }
    },
  });

  /** The kind a key or an object belongs to. */
  const kindAt = ({ group, kind }: GroupKind): Kind | undefined => kinds.get(`${group}/${kind}`);

  function take({ type, key, object, previous }: CollectionChange, kind: Kind | undefined): void {
    const after = type === 'applied' ? object : undefined;
    for (const index of [byInstance, byOwner, byNamespace]) index.update(key, previous, after);
    trigger.noticed(type, object);
    const event: LiveEvent = {
      type,
      key,
      object,
      previous,
      depth: kind?.watch.depth ?? 'metadata',
    };
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        logger.error({ err: toTiphysError(error), resource: key }, 'listener failed');
      }
    }
  }

  /** Namespaces to watch one by one; `['']` is a watch of everything, none is no watch. */
  function scopesOf(resource: ApiResource): readonly string[] {
    if (namespaces.length === 0) return [''];
    if (resource.namespaced) return namespaces;
    return options.clusterResources === true ? [''] : [];
  }

  function wantedKinds(next: ApiCatalogue): Map<string, ApiResource> {
    const wanted = new Map<string, ApiResource>();
    for (const { group, kind } of next.resources) {
      const resource = next.findKind({ group, kind });
      if (resource === undefined || wanted.has(`${group}/${kind}`)) continue;
      const watchable = resource.verbs.includes('list') && resource.verbs.includes('watch');
      if (!watchable || options.excluded(resource) || scopesOf(resource).length === 0) continue;
      wanted.set(`${group}/${kind}`, resource);
    }
    return wanted;
  }

  function startKind(name: string, resource: ApiResource, before?: Kind): void {
    const collection = before?.collection ?? createCollection();
    const watch = startKindWatch({
      client,
      clock,
      random: options.random,
      resource,
      scopes: scopesOf(resource),
      collection,
      depth: before?.watch.wanted ?? 'metadata',
      listSlots,
      ingest,
      onChange: (change) => take(change, kinds.get(name)),
      onTrouble: (which, trouble) => {
        troubles.trouble(which, trouble);
        if (hasCode(trouble.error, 'KubeNotFound')) trigger.doubted();
      },
      onHealthy: troubles.healthy,
      onFatal: (error) => {
        if (options.onFatal !== undefined) options.onFatal(error);
        else logger.error({ err: toTiphysError(error), kind: name }, 'watch ended by a defect');
      },
    });
    kinds.set(name, { watch, collection });
  }

  async function stopKind(name: string, kind: Kind): Promise<void> {
    kinds.delete(name);
    await kind.watch[Symbol.asyncDispose]();
    for (const object of kind.collection.values()) {
      take({ type: 'deleted', key: keyOf(object), object, previous: object }, kind);
    }
  }

  /** Starts what is new, stops what is gone, starts anew what is served differently. */
  async function adopt(next: ApiCatalogue): Promise<void> {
    catalogue = next;
    const wanted = wantedKinds(next);
    for (const [name, kind] of [...kinds]) {
      const { resource } = kind.watch;
      const now = wanted.get(name);
      // An aggregated API server that is down says nothing about its kinds.
      if (now === undefined && next.incompleteGroups.has(resource.group)) continue;
      if (now === undefined) await stopKind(name, kind);
      else if (!isServedAlike(resource, now)) {
        await kind.watch[Symbol.asyncDispose]();
        startKind(name, now, kind);
      }
    }
    if (stop.signal.aborted) return;
    for (const [name, resource] of wanted) {
      if (!kinds.has(name)) startKind(name, resource);
    }
  }

  function rediscover(signal: AbortSignal): Promise<void> {
    return discoveries.run('discovery', signal, async () => {
      const either = AbortSignal.any([signal, stop.signal]);
      await adopt(await client.discover(either));
    });
  }

  return {
    get catalogue() {
      return catalogue;
    },
    isExcluded: options.excluded,
    get size() {
      let size = 0;
      for (const { collection } of kinds.values()) size += collection.size;
      return size;
    },
    async start(signal) {
      await rediscover(signal);
      await Promise.all([...kinds.values()].map(({ watch }) => watch.settled(signal)));
      trigger.start();
    },
    rediscover,
    async ensure(wanted, signal) {
      signal.throwIfAborted();
      await Promise.all(wanted.map(async (kind) => await kindAt(kind)?.watch.deepen(signal)));
    },
    get(key) {
      return kinds.get(kindNameOf(key))?.collection.get(key);
    },
    depthOf: (kind) => kindAt(kind)?.watch.depth,
    tracked: byInstance.find,
    ownedBy: byOwner.find,
    ofKind: (kind) => kindAt(kind)?.collection.values() ?? [],
    inNamespace: byNamespace.find,
    observe(object) {
      const kind = kindAt({ group: groupOf(object.apiVersion), kind: object.kind });
      // The store holds one version of each kind; the watch will bring this object in that one.
      if (kind === undefined || object.apiVersion !== apiVersionOf(kind.watch.resource)) return;
      if (object.metadata.resourceVersion === undefined) return;
      // Held in full at any depth: it may be deepened before the watch has told of it.
      const change = kind.collection.observe(ingest(object, 'full'));
      if (change !== undefined) take(change, kind);
    },
    observeGone(key, uid) {
      const kind = kinds.get(kindNameOf(key));
      const change = kind?.collection.observeGone(key, uid);
      if (change !== undefined) take(change, kind);
    },
    subscribe(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new DOMException('the live state is disposed of', 'AbortError'));
      trigger[Symbol.dispose]();
      await Promise.all([...kinds.values()].map(({ watch }) => watch[Symbol.asyncDispose]()));
      listeners.clear();
    },
  };
}

function isServedAlike(before: ApiResource, now: ApiResource): boolean {
  return (
    before.version === now.version &&
    before.plural === now.plural &&
    before.namespaced === now.namespaced
  );
}

/** `group/kind` at the beginning of a key. */
function kindNameOf(key: ResourceKey): string {
  return key.slice(0, key.indexOf('/', key.indexOf('/') + 1));
}
