import { TiphysError } from '../core/errors.ts';
import { deepFreeze } from '../core/objects/freeze.ts';
import type { GroupKind, KubeObject, ResourceKey } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiCatalogue, ApiResource, KubeClient } from '../ports/kube-client.ts';
import type { Logger } from '../ports/telemetry.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';
import { type CollectionChange, createCollection } from './collection.ts';
import { createTroubleLog } from './trouble-log.ts';
import { watchCollection } from './watch-collection.ts';

export interface ObjectCacheOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly kind: GroupKind;
  /** Namespaces to watch one by one; `['']` is a watch of all. */
  readonly namespaces: readonly string[];
  readonly labelSelector?: string;
  /** Objects that are left out, e.g. by their namespace. */
  readonly accepts?: (object: KubeObject) => boolean;
  readonly onChange: (change: CollectionChange) => void;
}

/** Whole objects of one kind, kept current by watches, without managedFields, frozen. */
export interface ObjectCache extends AsyncDisposable {
  readonly resource: ApiResource;
  /** Resolves when all namespaces are listed. Rejects when the first list is refused. */
  ready(signal: AbortSignal): Promise<void>;
  get(key: ResourceKey): KubeObject | undefined;
  values(): Iterable<KubeObject>;
  /** Feeds what a write returned; gives the object as the cache would hold it. */
  observe(object: KubeObject): KubeObject;
}

/** Starts watching at once. Errors: `KubeNotFound` when the API server does not offer the kind. */
export function startObjectCache(
  catalogue: ApiCatalogue,
  options: ObjectCacheOptions,
): ObjectCache {
  const { client, clock, random, accepts = () => true } = options;
  const resource = catalogue.findKind(options.kind);
  if (resource === undefined) throw notServed(options.kind, client.server);
  const stop = new AbortController();
  const collection = createCollection();
  const listed = new Set<string>();
  const troubles = createTroubleLog(options.logger);
  let refusal: TiphysError | undefined;
  let change = Promise.withResolvers<void>();

  function changed(): void {
    change.resolve();
    change = Promise.withResolvers<void>();
  }

  function tell(each: CollectionChange | undefined): void {
    if (each !== undefined) options.onChange(each);
  }

  const run = async (namespace: string): Promise<void> => {
    const events = watchCollection(
      {
        client,
        clock,
        random,
        address: { resource, namespace, name: '' },
        ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
        transform: trim,
        onTrouble: (trouble) => {
          troubles.trouble(resource, trouble);
          if (trouble.during === 'list' && trouble.error.fields['status'] !== undefined) {
            refusal = trouble.error;
            changed();
          }
          return undefined;
        },
      },
      stop.signal,
    );
    for await (const event of events) {
      troubles.healthy();
      switch (event.type) {
        case 'listed': {
          const changes = collection.replace({
            objects: event.objects.filter(accepts),
            resourceVersion: event.resourceVersion,
            ...(namespace === '' ? {} : { namespace }),
          });
          listed.add(namespace);
          for (const each of changes) tell(each);
          changed();
          break;
        }
        case 'passed':
          collection.passed(event.resourceVersion, namespace);
          break;
        case 'applied':
          if (accepts(event.object)) tell(collection.apply(event.object));
          break;
        case 'deleted':
          tell(collection.remove(event.object));
      }
    }
  };

  const running = Promise.all(options.namespaces.map(run)).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  running.catch((error: unknown) =>
    options.logger.error({ err: error, kind: options.kind.kind }, 'watch ended by a defect'),
  );

  return {
    resource,
    async ready(signal) {
      while (options.namespaces.some((namespace) => !listed.has(namespace))) {
        if (refusal !== undefined) throw refusal;
        await untilAborted(change.promise, signal);
      }
    },
    get: (key) => collection.get(key),
    values: () => collection.values(),
    observe(object) {
      const trimmed = trim(object);
      if (accepts(trimmed)) tell(collection.observe(trimmed));
      return trimmed;
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new DOMException('the cache is disposed of', 'AbortError'));
      await running.catch(() => undefined); // told above
    },
  };
}

function trim(object: KubeObject): KubeObject {
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return deepFreeze<KubeObject>({ ...object, metadata });
}

function notServed({ group, kind }: GroupKind, server: string): TiphysError {
  const name = group === '' ? kind : `${kind}.${group}`;
  return new TiphysError(
    'KubeNotFound',
    `${name}: watch failed: ${server} does not serve the kind`,
    {
      hint: 'Install the CRDs: tiphys crds | kubectl apply -f -',
    },
  );
}
