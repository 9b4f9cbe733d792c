import type { Clock } from '../ports/clock.ts';
import { backoffDelay } from './backoff.ts';
import { createPlaces, type Aside } from './places.ts';
import { createWorkQueue, type AddOptions } from './work-queue.ts';

/**
 * What one reconcile asks of the queue.
 *
 * | outcome | the queue |
 * | --- | --- |
 * | `done` | forgets the key and its failures until it is added again |
 * | `requeue` | adds the key again after `afterMs` with `priority`, by default behind what somebody waits for; failures are forgotten |
 * | thrown error | adds the key again after a growing delay, and tells `onError` |
 * | thrown while stopping | nothing |
 */
export type ReconcileOutcome =
  | { readonly type: 'done' }
  | { readonly type: 'requeue'; readonly afterMs: number; readonly priority?: number };

export interface ControllerOptions<K> {
  readonly name: string;
  readonly clock: Clock;
  /** Told of each key whose turn it is, and for how many milliseconds it was due. Must not throw. */
  readonly onTaken?: (key: K, dueForMs: number) => void;
  /** How many keys are worked on at the same time, without those that wait aside. Default 1. */
  readonly workers?: number;
  /**
   * Brings one object to its desired state. Level-based: it looks at the world as it is, whatever
   * woke it. Must pass `signal` on; its abort means that the controller is stopping. While it waits
   * for something outside, `aside` lets another key be worked on in its place.
   */
  readonly reconcile: (key: K, signal: AbortSignal, aside: Aside) => Promise<ReconcileOutcome>;
  /** Told of every failed reconcile, with the number of failures in a row and the delay before the next attempt. */
  readonly onError: (key: K, error: unknown, failures: number, retryAfterMs: number) => void;
  /** Delay after the first failure, and the longest. Default 1 s and 5 min. */
  readonly retry?: { readonly minMs: number; readonly maxMs: number };
  /** How long stopping waits for running reconciles before it gives up on them. Default 30 s. */
  readonly drainMs?: number;
}

/** The priority of what nobody asked for. */
const UNASKED = -1;

/** A controller loop: a queue of keys and workers that reconcile them. */
export interface Controller<K> extends AsyncDisposable {
  readonly name: string;
  /** Asks for a reconcile of this key. Cheap, never waits; repeated calls merge. */
  enqueue(key: K, options?: AddOptions): void;
  /** Starts the workers. Until then keys only gather in the queue. */
  start(): void;
  /** True while nothing is due and nothing is running. For tests and for `drain`-like tools. */
  readonly idle: boolean;
  /** How many keys are due and not yet worked on. */
  readonly depth: number;
}

/**
 * Builds a controller; nothing runs until `start`. Disposing stops taking keys, aborts the signal
 * of running reconciles, and waits for them for at most `drainMs`.
 */
export function createController<K>(options: ControllerOptions<K>): Controller<K> {
  const { clock, reconcile, onError } = options;
  const { minMs, maxMs } = options.retry ?? { minMs: 1000, maxMs: 300_000 };
  const queue = createWorkQueue<K>(clock, { onDue: wake, onTaken: options.onTaken });
  const failures = new Map<K, number>();
  const stop = new AbortController();
  const places = createPlaces({
    count: options.workers ?? 1,
    nextRank: () => (isOn() ? queue.nextRank : undefined),
    admit() {
      const taken = queue.take();
      if (taken !== undefined) places.hold(taken.rank, (aside) => handle(taken.key, aside));
    },
  });
  let started = false;
  let woken = false;

  const isOn = (): boolean => started && !stop.signal.aborted;

  /** Not at once: whoever adds keys is not made to wait for the beginning of their work. */
  function wake(): void {
    if (woken) return;
    woken = true;
    queueMicrotask(() => {
      woken = false;
      places.fill();
    });
  }

  async function handle(key: K, aside: Aside): Promise<void> {
    try {
      const outcome = await reconcile(key, stop.signal, aside);
      failures.delete(key);
      if (outcome.type === 'requeue') {
        const { afterMs, priority = UNASKED } = outcome;
        queue.add(key, { afterMs, priority });
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      const afterMs = backoffDelay(count - 1, { minMs, maxMs, factor: 2 });
      queue.add(key, { afterMs, priority: UNASKED }); // first, so that no key is lost if telling fails
      onError(key, error, count, afterMs);
    } finally {
      queue.done(key);
    }
  }

  return {
    name: options.name,
    enqueue: (key, add) => queue.add(key, add),
    start() {
      started = true;
      wake();
    },
    get idle() {
      return queue.active === 0 && queue.due === 0;
    },
    get depth() {
      return queue.due;
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('shutdown'));
      const drained = places.ended();
      const giveUp = new AbortController();
      const patience = clock.sleep(options.drainMs ?? 30_000, giveUp.signal).catch(() => {});
      await Promise.race([drained, patience]);
      giveUp.abort();
      queue[Symbol.dispose]();
    },
  };
}
