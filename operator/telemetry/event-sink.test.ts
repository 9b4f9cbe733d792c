import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../../e2e/controlplane/control-plane.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { createKubeClient } from '../kube/kube-client.ts';
import type { ApiCatalogue, KubeClient, ObjectAddress } from '../ports/kube-client.ts';
import type { Occurrence } from '../ports/telemetry.ts';
import { createVirtualClock, systemClock, type VirtualClock } from '../runtime/clock.ts';
import { createEventSink, type EventSinkOptions } from './event-sink.ts';
import { createMetrics, type PrometheusMetrics } from './metrics.ts';
import { silentLogger } from './silent.ts';

const never = new AbortController().signal;
const START_MS = Date.parse('2026-05-04T03:02:01Z');

function occurrence(name: string, message = 'Initiated sync', namespace = 'default'): Occurrence {
  const uid = `uid-of-${name}`;
  const application = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };
  const object = { ...application, namespace, name, uid, resourceVersion: '7' };
  return { type: 'Normal', reason: 'OperationStarted', message, object };
}

async function dropped(metrics: PrometheusMetrics): Promise<string[]> {
  const text = await metrics.text();
  return text.split('\n').filter((line) => line.startsWith('tiphys_events_dropped_total{'));
}

async function until(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  while (!(await done())) {
    assert.ok(!signal.aborted, `still waiting until ${what}`);
    await systemClock.sleep(20, never);
  }
}

describe('the event sink on a real API server', () => {
  let plane: ControlPlane;
  let client: KubeClient & AsyncDisposable;
  let catalogue: ApiCatalogue;
  let clock: VirtualClock;
  let metrics: PrometheusMetrics;

  before(async () => {
    plane = await startControlPlane({
      components: { controllerManager: false, scheduler: false, kwok: false },
      signal: AbortSignal.timeout(20 * 60_000),
    });
    const connection = { server: plane.server, ca: plane.ca, token: plane.adminToken };
    client = createKubeClient({ connection, clock: systemClock, random: Math.random });
    catalogue = await client.discover(never);
  });
  after(async () => {
    await client?.[Symbol.asyncDispose]();
    await plane?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    clock = createVirtualClock(START_MS);
    metrics = createMetrics();
  });

  function sink() {
    return createEventSink({ client, component: 'tiphys', clock, logger: silentLogger, metrics });
  }

  function at(kind: string, namespace: string, name: string): ObjectAddress {
    const resource = catalogue.findKind({ group: '', kind });
    assert.ok(resource);
    return { resource, namespace, name };
  }

  async function eventsOf(name: string): Promise<KubeObject[]> {
    const fieldSelector = `involvedObject.name=${name}`;
    const pages = client.list(at('Event', '', ''), { fieldSelector }, never);
    return (await Array.fromAsync(pages)).flatMap(({ items }) => items);
  }

  test('an occurrence becomes an Event of its object', async () => {
    await using events = sink();
    events.publish(occurrence('web'));
    await until('it is there', async () => (await eventsOf('web')).length === 1);
    const [event] = await eventsOf('web');
    assert.match(event?.metadata.name ?? '', /^web\.[0-9a-f]+$/);
    assert.equal(event?.metadata.namespace, 'default');
    const { metadata: _, ...rest } = event ?? {};
    assert.deepEqual(rest, {
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        name: 'web',
        namespace: 'default',
        uid: 'uid-of-web',
        resourceVersion: '7',
      },
      type: 'Normal',
      reason: 'OperationStarted',
      message: 'Initiated sync',
      count: 1,
      firstTimestamp: '2026-05-04T03:02:01Z',
      lastTimestamp: '2026-05-04T03:02:01Z',
      eventTime: null,
      source: { component: 'tiphys' },
      reportingComponent: 'tiphys',
      reportingInstance: 'tiphys',
    });
  });

  test('the same again within ten minutes raises the count, later it is a new Event', async () => {
    await using events = sink();
    for (let n = 0; n < 3; n++) events.publish(occurrence('again'));
    events.publish(occurrence('again', 'something else'));
    const counts = async () => (await eventsOf('again')).map((event) => event['count']).toSorted();
    await until('all four arrived', async () => String(await counts()) === '1,3');
    await clock.advance(599_000);
    events.publish(occurrence('again'));
    await until('the fifth arrived', async () => String(await counts()) === '1,4');
    const raised = (await eventsOf('again')).find((event) => event['count'] === 4);
    assert.equal(raised?.['firstTimestamp'], '2026-05-04T03:02:01Z');
    assert.equal(raised?.['lastTimestamp'], '2026-05-04T03:12:00Z');
    await clock.advance(600_000);
    events.publish(occurrence('again'));
    await until('a new one is there', async () => String(await counts()) === '1,1,4');
  });

  test('an Event that was removed meanwhile is written anew', async () => {
    await using events = sink();
    events.publish(occurrence('removed'));
    await until('it is there', async () => (await eventsOf('removed')).length === 1);
    const [event] = await eventsOf('removed');
    await client.delete(at('Event', 'default', event?.metadata.name ?? ''), {}, never);
    events.publish(occurrence('removed'));
    await until('it is there again', async () => (await eventsOf('removed')).length === 1);
    assert.deepEqual(await dropped(metrics), []);
  });

  test('long names, long messages and objects without a namespace are taken', async () => {
    const name = `${'long.'.repeat(50)}n`;
    {
      await using events = sink();
      events.publish(occurrence(name, 'ü€𝄞'.repeat(5_000)));
      events.publish(occurrence('cluster-wide', 'm', ''));
    }
    const [event] = await eventsOf(name);
    const message = String(event?.['message']);
    assert.ok(Buffer.byteLength(message) <= 1_024 && Buffer.byteLength(message) > 1_010);
    assert.match(message, /^(ü€𝄞)+(ü|ü€)?…$/u);
    assert.equal((await eventsOf('cluster-wide'))[0]?.metadata.namespace, 'default');
    assert.deepEqual(await dropped(metrics), []);
  });

  test('what the API server refuses is counted, said at level debug, and holds nothing up', async () => {
    const said: unknown[] = [];
    const logger = { ...silentLogger, debug: (fields: object) => void said.push(fields) };
    const events = createEventSink({ client, component: 'tiphys', clock, logger, metrics });
    events.publish(occurrence('homeless', 'm', 'no-such-namespace'));
    events.publish(occurrence('homeless', 'm', 'no-such-namespace'));
    events.publish(occurrence('after-it'));
    await events[Symbol.asyncDispose]();
    assert.equal((await eventsOf('after-it')).length, 1);
    assert.deepEqual(await dropped(metrics), ['tiphys_events_dropped_total{reason="refused"} 2']);
    assert.equal(said.length, 2);
  });

  test('disposing sends what is queued and takes no more', async () => {
    const events = sink();
    for (let n = 0; n < 50; n++) events.publish(occurrence('flush', `message ${n}`));
    await events[Symbol.asyncDispose]();
    await events[Symbol.asyncDispose]();
    assert.equal((await eventsOf('flush')).length, 50);
    events.publish(occurrence('flush', 'too late'));
    assert.deepEqual(await dropped(metrics), ['tiphys_events_dropped_total{reason="stopped"} 1']);
  });

  test('an outage loses Events and nothing else', async () => {
    await using events = sink();
    await plane.stopApiServer();
    events.publish(occurrence('outage', 'during'));
    await until('it was dropped', async () => (await dropped(metrics)).length === 1);
    await plane.startApiServer(never);
    events.publish(occurrence('outage', 'after'));
    await until('the next arrives', async () => (await eventsOf('outage')).length === 1);
  });
});

describe('the pace of the event sink', () => {
  interface Call {
    readonly body: JsonObject;
    readonly atMs: number;
  }

  /** Only what the sink does with time: the API answers at once, or never. */
  function paced(answer: 'at-once' | 'never') {
    const clock = createVirtualClock(START_MS);
    const metrics = createMetrics();
    const calls: Call[] = [];
    const respond = (body: JsonValue, signal: AbortSignal): Promise<KubeObject> => {
      assert.ok(isJsonObject(body));
      calls.push({ body, atMs: clock.monotonic() });
      if (answer === 'at-once') return Promise.resolve(body as KubeObject);
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      );
    };
    const client: EventSinkOptions['client'] = {
      create: (_address, object, _options, signal) => respond(object, signal),
      patch: (_address, patch, _options, signal) => respond(patch, signal),
    };
    const events = createEventSink({
      client,
      component: 'tiphys',
      clock,
      logger: silentLogger,
      metrics,
    });
    return { clock, metrics, calls, events };
  }

  test('a hundred go at once, then twenty a second', async () => {
    const { clock, calls, events } = paced('at-once');
    for (let n = 0; n < 400; n++) events.publish(occurrence('flood', `message ${n}`));
    await clock.advance(0);
    assert.equal(calls.length, 100);
    await clock.advance(1_000);
    assert.equal(calls.length, 120);
    await clock.advance(10_000);
    assert.equal(calls.length, 320);
    await clock.advance(4_000);
    assert.equal(calls.length, 400);
    assert.deepEqual(calls.map(({ body }) => body['message']).slice(0, 2), [
      'message 0',
      'message 1',
    ]);
    await clock.advance(60_000);
    for (let n = 0; n < 101; n++) events.publish(occurrence('flood', `later ${n}`));
    await clock.advance(0);
    assert.equal(calls.length, 500);
    await clock.advance(50);
    assert.equal(calls.length, 501);
  });

  test('a publish from just behind the last delivery is delivered too', async () => {
    for (let turns = 0; turns < 40; turns++) {
      const { clock, calls, events } = paced('at-once');
      events.publish(occurrence('race', 'first'));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      events.publish(occurrence('race', 'second'));
      await clock.advance(0);
      assert.equal(calls.length, 2, `after ${turns} turns`);
    }
  });

  test('a full queue drops and counts, and a write that hangs is given up', async () => {
    const { clock, metrics, calls, events } = paced('never');
    for (let n = 0; n < 1_500; n++) events.publish(occurrence('stuck', `message ${n}`));
    assert.deepEqual(await dropped(metrics), [
      'tiphys_events_dropped_total{reason="queue-full"} 499',
    ]);
    await clock.advance(10_000);
    assert.equal(calls.length, 2);
    assert.ok((await dropped(metrics)).includes('tiphys_events_dropped_total{reason="refused"} 1'));
  });

  test('disposing waits two seconds at most and counts what is lost', async () => {
    const { clock, metrics, calls, events } = paced('never');
    for (let n = 0; n < 10; n++) events.publish(occurrence('stuck', `message ${n}`));
    let disposed = false;
    const disposing = events[Symbol.asyncDispose]().then(() => (disposed = true));
    await clock.advance(1_999);
    assert.equal(disposed, false);
    await clock.advance(1);
    await disposing;
    assert.equal(calls.length, 1);
    assert.equal(clock.pending, 0);
    assert.deepEqual(await dropped(metrics), ['tiphys_events_dropped_total{reason="stopped"} 10']);
  });
});
