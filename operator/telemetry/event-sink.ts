import { toTiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiResource, KubeClient } from '../ports/kube-client.ts';
import type { EventSink, Logger, Metrics, Occurrence } from '../ports/telemetry.ts';

export interface EventSinkOptions {
  readonly client: KubeClient;
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
/** Sustained rate: a flood of events must not take the API server's time from applications. */
const PAUSE_MS = 50;
const BURST = 100;
const SAME_FOR_MS = 600_000;
const MESSAGE_LENGTH = 1_024;
const FLUSH_MS = 2_000;

interface Known {
  readonly name: string;
  count: number;
  lastMs: number;
}

/**
 * Occurrences as Kubernetes Events. Publishing never fails or waits: one sender works through a
 * bounded queue, and what does not fit is counted and dropped. The same occurrence within ten
 * minutes raises the count of its Event. Disposing tries to send the rest for two seconds.
 */
export function createEventSink(options: EventSinkOptions): EventSink & AsyncDisposable {
  const { client, clock, logger, metrics, component } = options;
  const queue: Occurrence[] = [];
  const known = new Map<string, Known>();
  const stop = new AbortController();
  let sending: Promise<void> | undefined;
  let serial = 0;
  let tokens = BURST;
  let refilledMs = clock.monotonic();

  async function drain(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      try {
        await takeToken();
        await send(next);
      } catch (error) {
        if (stop.signal.aborted) return;
        metrics.count('tiphys_events_dropped_total', { reason: 'refused' });
        logger.debug({ err: toTiphysError(error), reason: next.reason }, 'event not delivered');
      }
    }
  }

  async function takeToken(): Promise<void> {
    const nowMs = clock.monotonic();
    tokens = Math.min(BURST, tokens + (nowMs - refilledMs) / PAUSE_MS);
    refilledMs = nowMs;
    if (tokens < 1) await clock.sleep(PAUSE_MS, stop.signal);
    tokens = Math.max(0, tokens - 1);
  }

  async function send(occurrence: Occurrence): Promise<void> {
    const { object, reason, message } = occurrence;
    const nowMs = clock.now();
    forgetOld(nowMs);
    const same = `${object.uid} ${reason} ${message}`;
    const before = known.get(same);
    if (before !== undefined) {
      before.count += 1;
      before.lastMs = nowMs;
      await client.patch(
        { resource: EVENTS, namespace: object.namespace, name: before.name },
        { count: before.count, lastTimestamp: stamp(nowMs) },
        { type: 'merge' },
        stop.signal,
      );
      return;
    }
    const name = `${object.name}.${nowMs.toString(16)}${(serial++).toString(16).padStart(4, '0')}`;
    known.set(same, { name, count: 1, lastMs: nowMs });
    const event = eventOf(occurrence, name, component, stamp(nowMs));
    const address = { resource: EVENTS, namespace: object.namespace, name };
    await client.create(address, event, {}, stop.signal);
  }

  function forgetOld(nowMs: number): void {
    for (const [same, { lastMs }] of known) {
      if (nowMs - lastMs < SAME_FOR_MS && known.size <= QUEUE_LENGTH) return;
      known.delete(same);
    }
  }

  return {
    publish(occurrence) {
      if (stop.signal.aborted || queue.length >= QUEUE_LENGTH) {
        metrics.count('tiphys_events_dropped_total', { reason: 'queue-full' });
        return;
      }
      queue.push(occurrence);
      sending ??= drain().finally(() => {
        sending = undefined;
      });
    },
    async [Symbol.asyncDispose]() {
      const patience = new AbortController();
      const timeout = clock.sleep(FLUSH_MS, patience.signal).catch(() => {});
      await Promise.race([sending ?? Promise.resolve(), timeout]);
      patience.abort();
      stop.abort(new Error('shutdown'));
      await sending;
    },
  };
}

function eventOf(
  { type, reason, message, object }: Occurrence,
  name: string,
  component: string,
  time: string,
): KubeObject {
  const { namespace, apiVersion, kind, uid, resourceVersion } = object;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { apiVersion, kind, name: object.name, namespace, uid, resourceVersion },
    type,
    reason,
    message: message.slice(0, MESSAGE_LENGTH),
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component },
    reportingComponent: component,
    reportingInstance: component,
  };
}

const stamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
