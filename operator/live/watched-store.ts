import { deepFreeze } from '../core/objects/freeze.ts';
import type { KubeObject, ResourceKey } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { KubeClient, ObjectAddress } from '../ports/kube-client.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createCollection, type CollectionChange } from './collection.ts';
import { watchCollection } from './watch-collection.ts';

export interface WatchedStoreOptions {
  readonly client: KubeClient;
  /** The collection; its name is empty. */
  readonly address: ObjectAddress;
  readonly labelSelector?: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** Objects of one kind in full, kept current by a watch. Readers get frozen objects and never wait. */
export interface WatchedStore extends AsyncDisposable {
  /** Begins to watch; resolves when everything is listed. Call it once. */
  start(signal: AbortSignal): Promise<void>;
  get(key: ResourceKey): KubeObject | undefined;
  list(): readonly KubeObject[];
  /** Takes in what a write returned, so that the next read is never older than it. */
  observe(object: KubeObject): void;
  onChange(listener: (change: CollectionChange) => void): Disposable;
}

/** Builds a store; nothing runs until `start`. */
export function createWatchedStore(options: WatchedStoreOptions): WatchedStore {
  const { logger, address, ...watch } = options;
  const collection = createCollection();
  const listeners = new Set<(change: CollectionChange) => void>();
  const stop = new AbortController();
  const listed = Promise.withResolvers<void>();
  let running: Promise<void> = Promise.resolve();

  function announce(changes: Iterable<CollectionChange | undefined>): void {
    for (const change of changes)
      if (change !== undefined) for (const listener of listeners) listener(change);
  }

  async function run(): Promise<void> {
    const events = watchCollection(
      {
        ...watch,
        address,
        transform: deepFreeze,
        onTrouble: ({ error, failures, during }) => {
          const kind = address.resource.kind;
          logger.warn({ kind, during, failures, err: error }, 'watch failed, trying again');
          return undefined;
        },
      },
      stop.signal,
    );
    try {
      for await (const event of events) {
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
      running.catch(listed.reject);
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
    observe: (object) => announce([collection.observe(deepFreeze(object))]),
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('shutdown'));
      await running.catch(() => {}); // told to whoever waits for `start`
    },
  };
}
