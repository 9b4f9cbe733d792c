import { hasCode, TiphysError, toTiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { KubeClient, ObjectAddress } from '../ports/kube-client.ts';
import { createBackoff } from '../runtime/backoff.ts';

export interface WatchCollectionOptions {
  readonly client: KubeClient;
  /** The collection; its name is empty. */
  readonly address: ObjectAddress;
  readonly metadataOnly?: boolean;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Applied to every object as it comes in, so that a long list is never held in full. */
  readonly transform: (object: KubeObject) => KubeObject;
  /** Runs the listing, e.g. with at most so many at once. Default: at once. */
  readonly admit?: <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
  /** Told of every failure before the wait that follows; may choose a longer wait in milliseconds. */
  readonly onTrouble: (trouble: Trouble) => number | undefined;
  readonly pageSize?: number;
}

export interface Trouble {
  readonly error: TiphysError;
  readonly during: 'list' | 'watch';
  /** Failures in a row, this one included. */
  readonly failures: number;
  readonly retryAfterMs: number;
}

export type CollectionEvent =
  /** Everything there is, as of `resourceVersion`. What is not in it is gone. */
  | {
      readonly type: 'listed';
      readonly objects: readonly KubeObject[];
      readonly resourceVersion: string;
    }
  | { readonly type: 'applied' | 'deleted'; readonly object: KubeObject }
  /** Nothing changed up to this version. */
  | { readonly type: 'passed'; readonly resourceVersion: string };

type ChangeEvent = Exclude<CollectionEvent, { readonly type: 'listed' }>;

/**
 * Where the watcher stands.
 *
 * | state | next | when |
 * | --- | --- | --- |
 * | `empty` | `watching` | the list is complete; it is handed on as one event |
 * | `empty` | `empty` | the list failed; wait |
 * | `watching` | `watching` | the watch ended, or its connection broke (wait): go on at the last version seen |
 * | `watching` | `empty` | the server no longer knows the version (410) or refused the watch: list again (wait) |
 */
type State =
  | { readonly type: 'empty' }
  | { readonly type: 'watching'; readonly resourceVersion: string };

const MIN_DELAY_MS = 800;
const MAX_DELAY_MS = 30_000;
/** Watches end at different times, or all of them would begin again together. */
const WATCH_SECONDS = { min: 240, spread: 120 };
/** A watch that ends sooner, having told nothing, counts as a failure. */
const SHORTEST_WATCH_MS = 1000;
/** A watch that lived this long did its work, also when it had nothing to tell. */
const LONG_WATCH_MS = 10_000;

/**
 * Follows a collection for ever: a list, then changes; a list again only when changes were lost.
 *
 * Guarantees: events come in order; a list is handed on complete or not at all; failures are waited
 * out with growing, jittered delays (0.8–30 s) and never end the stream. It ends only by `signal`
 * (rejecting with its reason) or when the consumer stops pulling. The consumer must not wait long
 * between pulls, or the server ends the watch.
 */
export async function* watchCollection(
  options: WatchCollectionOptions,
  signal: AbortSignal,
): AsyncGenerator<CollectionEvent, never> {
  const { clock, random, onTrouble } = options;
  const backoff = createBackoff({
    minMs: MIN_DELAY_MS,
    maxMs: MAX_DELAY_MS,
    factor: 2,
    jitter: 0.5,
    random,
  });
  let failures = 0;
  let state: State = { type: 'empty' };
  for (;;) {
    signal.throwIfAborted();
    const startedAt = clock.monotonic();
    try {
      switch (state.type) {
        case 'empty': {
          const { objects, resourceVersion } = await listAll(options, signal);
          state = { type: 'watching', resourceVersion };
          yield { type: 'listed', objects, resourceVersion };
          break;
        }
        case 'watching': {
          let quiet = true;
          const from: string = state.resourceVersion;
          for await (const event of watchFrom(from, options, signal)) {
            quiet = false;
            failures = 0;
            backoff.reset();
            state = { type: 'watching', resourceVersion: versionOf(event) };
            yield event;
          }
          if (quiet && clock.monotonic() - startedAt < SHORTEST_WATCH_MS) {
            throw new TiphysError(
              'KubeUnreachable',
              `${options.address.resource.kind}: watch failed: ended by the server at once`,
            );
          }
          failures = 0;
          backoff.reset();
        }
      }
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toTiphysError(thrown);
      // A quiet watch that somebody cut after a while worked: its kind must not go blind for long.
      if (state.type === 'watching' && clock.monotonic() - startedAt >= LONG_WATCH_MS) {
        failures = 0;
        backoff.reset();
      }
      failures += 1;
      const during = state.type === 'empty' ? 'list' : 'watch';
      const retryAfterMs = Math.max(backoff.next(), waitOf(error));
      const longer = onTrouble({ error, during, failures, retryAfterMs });
      state = afterFailure(state, error);
      await clock.sleep(longer ?? retryAfterMs, signal);
    }
  }
}

/** A broken connection loses nothing; whatever the server says against the watch does. */
function afterFailure(state: State, error: TiphysError): State {
  return hasCode(error, 'KubeUnreachable', 'KubeTooManyRequests', 'KubeUnauthorized')
    ? state
    : { type: 'empty' };
}

function versionOf(event: ChangeEvent): string {
  return event.type === 'passed'
    ? event.resourceVersion
    : (event.object.metadata.resourceVersion ?? '');
}

function waitOf(error: TiphysError): number {
  return typeof error.retry === 'object' ? Math.min(error.retry.afterMs, MAX_DELAY_MS) : 0;
}

async function listAll(
  options: WatchCollectionOptions,
  signal: AbortSignal,
): Promise<{ objects: KubeObject[]; resourceVersion: string }> {
  const { client, address, metadataOnly = false, labelSelector, fieldSelector } = options;
  const admit = options.admit ?? ((_signal, work) => work());
  return await admit(signal, async () => {
    let objects: KubeObject[] = [];
    let resourceVersion = '';
    const pages = client.list(
      address,
      {
        metadataOnly,
        ...(options.pageSize === undefined ? {} : { limit: options.pageSize }),
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
      },
      signal,
    );
    for await (const page of pages) {
      if (page.restarted === true) objects = [];
      for (const object of page.items) objects.push(options.transform(object));
      resourceVersion = page.resourceVersion;
    }
    return { objects, resourceVersion };
  });
}

async function* watchFrom(
  resourceVersion: string,
  options: WatchCollectionOptions,
  signal: AbortSignal,
): AsyncGenerator<ChangeEvent> {
  const { client, address, metadataOnly = false, labelSelector, fieldSelector } = options;
  const timeoutSeconds = Math.round(WATCH_SECONDS.min + options.random() * WATCH_SECONDS.spread);
  const events = client.watch(
    address,
    {
      resourceVersion,
      timeoutSeconds,
      metadataOnly,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    },
    signal,
  );
  for await (const event of events) {
    switch (event.type) {
      case 'BOOKMARK':
        yield { type: 'passed', resourceVersion: event.resourceVersion };
        break;
      case 'DELETED':
        yield { type: 'deleted', object: options.transform(event.object) };
        break;
      default:
        yield { type: 'applied', object: options.transform(event.object) };
    }
  }
}
