import { hasCode } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiResource, KubeClient } from '../ports/kube-client.ts';
import type { EventSink, Logger, Metrics, Occurrence } from '../ports/telemetry.ts';
import { withDeadline } from '../runtime/deadline.ts';
import { eventName, eventOf, fitMessage, namespaceOf, stamp } from './kube-event.ts';

export interface EventSinkOptions {
  readonly client: Pick<KubeClient, 'create' | 'patch'>;
  /** Shown as the source of the events. */
  readonly component: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const EVENTS: ApiResource = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  verbs: ['create', 'patch'],
  subresources: [],
  preferred: true,
};

const QUEUE_LENGTH = 1_000;
const KNOWN_LENGTH = 1_000;
/** Sustained rate: a flood of events must not take the API server's time from applications. */
const PAUSE_MS = 50;
const BURST = 100;
const SAME_FOR_MS = 600_000;
/** One sender serves everybody: a write that hangs must not hold up the rest for a minute. */
const SEND_MS = 10_000;
const FLUSH_MS = 2_000;

/** Why an occurrence did not become an Event; a label of `tiphys_events_dropped_total`. */
type DropReason = 'queue-full' | 'refused' | 'stopped';

interface Waiting {
  readonly occurrence: Occurrence;
  /** When it happened, which may be well before it is sent. */
  readonly atMs: number;
}

/** An Event that the API server has. */
interface Known {
  readonly name: string;
  readonly count: number;
  readonly lastMs: number;
}

/**
 * Occurrences as core/v1 Events in the namespace of their object. Publishing never fails or waits:
 * one sender works through a bounded queue, and what does not fit or is refused is counted and
 * dropped. The same object, reason and message within ten minutes raises the count of its Event.
 * Disposing takes no more occurrences and tries for two seconds to send the rest.
 */
export function createEventSink(options: EventSinkOptions): EventSink & AsyncDisposable {
  const { client, clock, logger, metrics, component } = options;
  const queue: Waiting[] = [];
  /** In order of last use, so that the oldest is found first. */
  const known = new Map<string, Known>();
  const stop = new AbortController();
  const bucket = createTokenBucket(clock);
  let closed = false;
  let sending: Promise<void> | undefined;
  let serial = 0;

  function drop(reason: DropReason): void {
    metrics.count('tiphys_events_dropped_total', { reason });
  }

  async function drain(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await deliver(next);
    sending = undefined; // not in a later turn: a publish in between would wait for ever
  }

  async function deliver(next: Waiting): Promise<void> {
    if (stop.signal.aborted) return drop('stopped');
    try {
      await bucket.take(stop.signal);
      using deadline = withDeadline(stop.signal, SEND_MS, clock);
      await send(next, deadline.signal);
    } catch (error) {
      if (stop.signal.aborted) return drop('stopped');
      drop('refused');
      logger.debug({ err: error, event: next.occurrence.reason }, 'event not delivered');
    }
  }

  async function send({ occurrence, atMs }: Waiting, signal: AbortSignal): Promise<void> {
    const { object, reason, message } = occurrence;
    forgetOld(atMs);
    const same = JSON.stringify([object.uid, object.namespace, object.name, reason, message]);
    const namespace = namespaceOf(object);
    const before = known.get(same);
    if (before !== undefined) {
      const after = { ...before, count: before.count + 1, lastMs: atMs };
      if (await repeat(namespace, after, signal)) return remember(same, after);
      known.delete(same);
    }
    const name = eventName(object.name, atMs, serial++);
    const event = eventOf(occurrence, name, component, stamp(atMs));
    await client.create({ resource: EVENTS, namespace, name }, event, {}, signal);
    remember(same, { name, count: 1, lastMs: atMs });
  }

  /** Resolves with false when the Event has been removed meanwhile, as the API server does after an hour. */
  async function repeat(
    namespace: string,
    { name, count, lastMs }: Known,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await client.patch(
        { resource: EVENTS, namespace, name },
        { count, lastTimestamp: stamp(lastMs) },
        { type: 'merge' },
        signal,
      );
      return true;
    } catch (error) {
      if (hasCode(error, 'KubeNotFound')) return false;
      throw error;
    }
  }

  function remember(same: string, event: Known): void {
    known.delete(same);
    known.set(same, event);
  }

  function forgetOld(nowMs: number): void {
    for (const [same, { lastMs }] of known) {
      if (nowMs - lastMs < SAME_FOR_MS && known.size < KNOWN_LENGTH) return;
      known.delete(same);
    }
  }

  return {
    publish(occurrence) {
      if (closed) return drop('stopped');
      if (queue.length >= QUEUE_LENGTH) return drop('queue-full');
      // Cut here and not when sending: a thousand long messages would fill the memory.
      const message = fitMessage(occurrence.message);
      queue.push({ occurrence: { ...occurrence, message }, atMs: clock.now() });
      sending ??= drain();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      using _patience = clock.schedule(FLUSH_MS, () => stop.abort(new Error('shutdown')));
      await sending;
      stop.abort(new Error('shutdown'));
    },
  };
}

/** Lets `BURST` through at once, then one each `PAUSE_MS`. For one caller at a time. */
function createTokenBucket(clock: Clock): { take(signal: AbortSignal): Promise<void> } {
  let tokens = BURST;
  let refilledMs = clock.monotonic();

  function refill(): void {
    const nowMs = clock.monotonic();
    tokens = Math.min(BURST, tokens + (nowMs - refilledMs) / PAUSE_MS);
    refilledMs = nowMs;
  }

  return {
    async take(signal) {
      refill();
      if (tokens < 1) {
        await clock.sleep(Math.ceil((1 - tokens) * PAUSE_MS), signal);
        refill();
      }
      tokens = Math.max(0, tokens - 1); // a timer may fire a little early
    },
  };
}
