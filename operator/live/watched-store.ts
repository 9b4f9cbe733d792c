import { hasCode, toTiphysError } from '../core/errors.ts';
import { deepFreeze } from '../core/objects/freeze.ts';
import { resourceKey, type KubeObject, type ResourceKey } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { KubeClient, ObjectAddress } from '../ports/kube-client.ts';
import type { Logger } from '../ports/telemetry.ts';
import { type CollectionChange, createCollection } from './collection.ts';
import { createListeners } from './listeners.ts';
import { createTroubleLog } from './trouble-log.ts';
import { watchCollection } from './watch-collection.ts';

export interface WatchedStoreOptions {
  readonly client: KubeClient;
  /** The collection; its name is empty. */
  readonly address: ObjectAddress;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** Objects of one kind without `managedFields`, kept current by a watch. Readers get frozen objects and never wait. */
export interface WatchedStore extends AsyncDisposable {
  /**
   * Begins to watch; resolves when everything is listed. Call it once. Rejects when the list is
   * refused for want of rights or of the kind; other failures are waited out.
   */
  start(signal: AbortSignal): Promise<void>;
  get(key: ResourceKey): KubeObject | undefined;
  list(): readonly KubeObject[];
  /** As of which version the list is: what was changed later is yet to be told of. */
  readonly resourceVersion: string;
  /** Takes in what a write returned, so that the next read is never older than it. */
  observe(object: KubeObject): void;
  /** Takes in that an object was deleted: from now on no reader sees it. */
  observeGone(object: KubeObject): void;
  onChange(listener: (change: CollectionChange) => void): Disposable;
}

/** Builds a store; nothing runs until `start`. */
export function createWatchedStore(options: WatchedStoreOptions): WatchedStore {
  const { logger, address, ...watch } = options;
  const collection = createCollection();
  const listeners = createListeners<CollectionChange>((error) =>
    logger.error({ err: toTiphysError(error), kind: address.resource.kind }, 'listener failed'),
  );
  const troubles = createTroubleLog(logger);
  const stop = new AbortController();
  const listed = Promise.withResolvers<void>();
  let running: Promise<void> = Promise.resolve();

  function announce(changes: Iterable<CollectionChange | undefined>): void {
    for (const change of changes) if (change !== undefined) listeners.tell(change);
  }

  async function run(): Promise<void> {
    const events = watchCollection(
      {
        ...watch,
        address,
        transform: trim,
        onTrouble: (trouble) => {
          troubles.trouble(address.resource, trouble);
          const refused = hasCode(
            trouble.error,
            'KubeForbidden',
            'KubeNotFound',
            'KubeUnauthorized',
          );
          if (refused && trouble.during === 'list') listed.reject(trouble.error);
          return undefined;
        },
      },
      stop.signal,
    );
    try {
      for await (const event of events) {
        troubles.healthy();
        switch (event.type) {
          case 'listed':
            announce(collection.replace(event));
            listed.resolve();
            break;
          case 'applied':
            announce([collection.apply(event.object)]);
            break;
          case 'deleted':
            announce([collection.remove(event.object)]);
            break;
          case 'passed':
            collection.passed(event.resourceVersion);
        }
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  }

  return {
    async start(signal) {
      signal.throwIfAborted();
      running = run();
      running.catch((error: unknown) => {
        logger.error({ err: toTiphysError(error), kind: address.resource.kind }, 'watch ended');
        listed.reject(error);
      });
      listed.promise.catch(() => {}); // told to whoever waits below; nobody may be waiting any more
      const abort = () => listed.reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      try {
        await listed.promise;
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    get: (key) => collection.get(key),
    list: () => [...collection.values()],
    get resourceVersion() {
      return collection.resourceVersion;
    },
    observe: (object) => announce([collection.observe(trim(object))]),
    observeGone(object) {
      const { name = '', namespace = '', uid = '' } = object.metadata;
      const { group, kind } = address.resource;
      announce([collection.observeGone(resourceKey({ group, kind, namespace, name }), uid)]);
    },
    onChange: listeners.add,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('shutdown'));
      await running.catch(() => {}); // told to whoever waits for `start`
    },
  };
}

function trim(object: KubeObject): KubeObject {
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return deepFreeze<KubeObject>({ ...object, metadata });
}
