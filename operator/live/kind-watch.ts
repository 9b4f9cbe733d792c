import { hasCode, type TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiResource, KubeClient } from '../ports/kube-client.ts';
import type { LiveDepth } from '../ports/live-state.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';
import type { Limiter } from '../runtime/limiter.ts';
import type { Collection, CollectionChange } from './collection.ts';
import { type CollectionEvent, type Trouble, watchCollection } from './watch-collection.ts';

export interface KindWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly resource: ApiResource;
  /** Namespaces to watch one by one, or `['']` for all or for a cluster-scoped kind. */
  readonly scopes: readonly string[];
  readonly collection: Collection;
  readonly depth: LiveDepth;
  readonly listSlots: Limiter;
  readonly ingest: (object: KubeObject, depth: LiveDepth) => KubeObject;
  readonly onChange: (change: CollectionChange) => void;
  readonly onTrouble: (resource: ApiResource, trouble: Trouble) => void;
  readonly onHealthy: () => void;
  /** Told of a defect: the watch of this kind has ended. */
  readonly onFatal: (error: unknown) => void;
}

/** Keeps the collection of one kind current, at one depth; it alone writes to the collection. */
export interface KindWatch extends AsyncDisposable {
  readonly resource: ApiResource;
  /** Depth of what the collection holds; undefined until it was listed. */
  readonly depth: LiveDepth | undefined;
  readonly wanted: LiveDepth;
  /** Resolves when the kind is listed, or cannot be for a reason that lies in the kind itself. */
  settled(signal: AbortSignal): Promise<void>;
  /** Resolves when whole objects are held. Rejects with the error of a list that fails. */
  deepen(signal: AbortSignal): Promise<void>;
}

/** A kind we may not list, or that is served without list, is asked for again this rarely. */
const PASSED_OVER_MS = 300_000;
/** Other refusals count as lying in the kind itself after so many in a row, e.g. a broken conversion webhook. */
const SETTLED_AFTER_FAILURES = 3;
/** `deepen` asks again when the last failure is older. */
const FRESH_FAILURE_MS = 10_000;

export function startKindWatch(options: KindWatchOptions): KindWatch {
  const { client, clock, random, resource, scopes, collection, listSlots, ingest } = options;
  const stop = new AbortController();
  const depths = new Map<string, LiveDepth>();
  let wanted = options.depth;
  let failure: (Trouble & { readonly atMs: number }) | undefined;
  let restart = new AbortController();
  let change = Promise.withResolvers<void>();

  const held = (): LiveDepth | undefined => {
    if (scopes.some((scope) => !depths.has(scope))) return undefined;
    return scopes.every((scope) => depths.get(scope) === 'full') ? 'full' : 'metadata';
  };

  function changed(): void {
    change.resolve();
    change = Promise.withResolvers<void>();
  }

  function take(event: CollectionEvent, scope: string, depth: LiveDepth): void {
    options.onHealthy();
    switch (event.type) {
      case 'listed': {
        const changes = collection.replace({
          objects: event.objects,
          resourceVersion: event.resourceVersion,
          ...(scope === '' ? {} : { namespace: scope }),
          renew: depths.get(scope) !== depth,
        });
        depths.set(scope, depth);
        failure = undefined;
        for (const each of changes) options.onChange(each);
        changed();
        return;
      }
      case 'passed':
        return collection.passed(event.resourceVersion, scope);
      case 'applied':
      case 'deleted': {
        const each =
          event.type === 'applied'
            ? collection.apply(event.object)
            : collection.remove(event.object);
        if (each !== undefined) options.onChange(each);
      }
    }
  }

  function onTrouble(trouble: Trouble): number | undefined {
    options.onTrouble(resource, trouble);
    if (trouble.during === 'list') {
      failure = { ...trouble, atMs: clock.monotonic() };
      changed();
    }
    return isPassedOver(trouble.error) ? PASSED_OVER_MS * (0.8 + 0.4 * random()) : undefined;
  }

  /** Watches one scope; begins again, with whole objects, when `deepen` says so. */
  async function run(scope: string): Promise<void> {
    while (!stop.signal.aborted) {
      const depth = wanted;
      const signal = AbortSignal.any([stop.signal, restart.signal]);
      const events = watchCollection(
        {
          client,
          clock,
          random,
          address: { resource, namespace: scope, name: '' },
          metadataOnly: depth === 'metadata',
          transform: (object) => ingest(object, depth),
          admit: (admitted, work) => listSlots.run(admitted, work),
          onTrouble,
        },
        signal,
      );
      try {
        for await (const event of events) {
          if (signal.aborted) break;
          take(event, scope, depth);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  const running = Promise.all(scopes.map(run)).catch((error: unknown) => options.onFatal(error));

  return {
    resource,
    get depth() {
      return held();
    },
    get wanted() {
      return wanted;
    },
    async settled(signal) {
      while (held() === undefined && !isSettledFailure(failure) && !stop.signal.aborted) {
        await untilAborted(change.promise, signal);
      }
    },
    async deepen(signal) {
      const stale = failure !== undefined && clock.monotonic() - failure.atMs > FRESH_FAILURE_MS;
      if (wanted !== 'full' || stale) {
        wanted = 'full';
        failure = undefined;
        const before = restart;
        restart = new AbortController();
        before.abort(new DOMException('begins again', 'AbortError'));
      }
      while (held() !== 'full') {
        if (failure !== undefined) throw failure.error;
        if (stop.signal.aborted) return; // the kind is gone, which makes it an unknown one
        await untilAborted(change.promise, signal);
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new DOMException('the kind is no longer watched', 'AbortError'));
      changed();
      await running;
    },
  };
}

function isPassedOver(error: TiphysError): boolean {
  return hasCode(error, 'KubeForbidden', 'KubeNotFound');
}

/** The server answered and refused, so waiting for the server will not help this kind. */
function isSettledFailure(failure: Trouble | undefined): boolean {
  if (failure === undefined) return false;
  if (isPassedOver(failure.error)) return true;
  const refused = failure.error.fields['status'] !== undefined;
  return refused && failure.failures >= SETTLED_AFTER_FAILURES;
}
