import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { ApiResource, KubeClient, ListPage, WatchEvent } from '../ports/kube-client.ts';
import { createVirtualClock } from '../runtime/clock.ts';
import { type CollectionEvent, type Trouble, watchCollection } from './watch-collection.ts';

// A scripted API server: each list and each watch takes the next step of its script.

type ListStep = ListPage[] | ErrorCode;
type WatchStep = {
  readonly events?: readonly WatchEvent[];
  readonly end: ErrorCode | 'hang' | 'done';
  readonly lastsMs?: number;
};

const CONFIG_MAPS: ApiResource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  verbs: [],
  subresources: [],
  preferred: true,
};

function object(name: string, version: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, resourceVersion: version } };
}

function page(version: string, ...names: string[]): ListPage {
  return { items: names.map((name) => object(name, '1')), resourceVersion: version };
}

function follow(lists: ListStep[], watches: WatchStep[], stop: AbortController) {
  const clock = createVirtualClock();
  const asked: string[] = [];
  const events: string[] = [];
  const troubles: Trouble[] = [];
  const fail = (code: ErrorCode) => new TiphysError(code, 'scripted');
  const client = {
    server: 'scripted',
    async *list() {
      asked.push(`list at ${clock.monotonic()}`);
      const step = lists.shift() ?? 'KubeUnreachable';
      if (typeof step === 'string') throw fail(step);
      yield* step;
    },
    async *watch(_address, { resourceVersion }, signal) {
      asked.push(`watch ${resourceVersion} at ${clock.monotonic()}`);
      const step = watches.shift() ?? { end: 'hang' };
      yield* step.events ?? [];
      if (step.lastsMs !== undefined) await clock.sleep(step.lastsMs, signal);
      if (step.end === 'hang') await clock.sleep(1_000_000, signal);
      else if (step.end !== 'done') throw fail(step.end);
    },
  } satisfies Pick<KubeClient, 'server' | 'list' | 'watch'> as unknown as KubeClient;
  const describe = (event: CollectionEvent) =>
    event.type === 'listed'
      ? `listed ${event.objects.map(({ metadata }) => metadata.name)}`
      : event.type === 'passed'
        ? `passed ${event.resourceVersion}`
        : `${event.type} ${event.object.metadata.name}`;
  const ended = (async () => {
    const stream = watchCollection(
      {
        client,
        clock,
        random: () => 0,
        address: { resource: CONFIG_MAPS, namespace: '', name: '' },
        transform: (each) => each,
        onTrouble: (trouble) => {
          troubles.push(trouble);
          return undefined;
        },
      },
      stop.signal,
    );
    for await (const event of stream) events.push(describe(event));
  })();
  return { clock, asked, events, troubles, ended };
}

test('lists in pages, then watches from there; a watch that ends goes on at the last version', async () => {
  const stop = new AbortController();
  const { clock, asked, events, ended } = follow(
    [[page('10', 'a'), page('10', 'b')]],
    [
      {
        events: [
          { type: 'ADDED', object: object('c', '11') },
          { type: 'DELETED', object: object('a', '12') },
          { type: 'BOOKMARK', resourceVersion: '20' },
        ],
        end: 'done',
      },
      { end: 'hang' },
    ],
    stop,
  );
  await clock.advance(0);
  assert.deepEqual(events, ['listed a,b', 'applied c', 'deleted a', 'passed 20']);
  assert.deepEqual(asked, ['list at 0', 'watch 10 at 0', 'watch 20 at 0']);
  const reason = new Error('stop');
  stop.abort(reason);
  await assert.rejects(ended, (error) => error === reason);
});

test('a broken connection keeps the version, a refused watch lists again', async () => {
  const stop = new AbortController();
  const { clock, asked, ended } = follow(
    [[page('10')], [page('50')]],
    [
      { events: [{ type: 'ADDED', object: object('c', '11') }], end: 'KubeUnreachable' },
      { end: 'KubeUnreachable' },
      { end: 'KubeGone' },
      { end: 'hang' },
    ],
    stop,
  );
  await clock.advance(30_000);
  assert.deepEqual(asked, [
    'list at 0',
    'watch 10 at 0',
    'watch 11 at 800',
    'watch 11 at 2400',
    'list at 5600',
    'watch 50 at 5600',
  ]);
  stop.abort(new Error('stop'));
  await assert.rejects(ended);
});

test('never gives up, and waits ever longer up to half a minute', async () => {
  const stop = new AbortController();
  const { clock, troubles, ended } = follow([], [], stop);
  await clock.advance(600_000);
  const waits = troubles.map(({ retryAfterMs }) => retryAfterMs);
  assert.deepEqual(waits.slice(0, 7), [800, 1600, 3200, 6400, 12_800, 25_600, 30_000]);
  assert.equal(waits.at(-1), 30_000);
  assert.ok(troubles.length > 20);
  stop.abort(new Error('stop'));
  await assert.rejects(ended);
});

test('quiet watches that are cut after a while are taken up again without growing delays', async () => {
  const stop = new AbortController();
  const cut: WatchStep = { end: 'KubeUnreachable', lastsMs: 60_000 };
  const { clock, troubles, ended } = follow([[page('1')]], Array(6).fill(cut), stop);
  for (let step = 0; step < 20; step += 1) await clock.advance(30_000);
  assert.deepEqual(
    troubles.map(({ failures, retryAfterMs }) => [failures, retryAfterMs]),
    Array(6).fill([1, 800]),
  );
  stop.abort(new Error('over'));
  await assert.rejects(ended, /over/);
});

test('a server that ends every watch at once is not asked in a hurry', async () => {
  const stop = new AbortController();
  const watches = Array.from({ length: 1000 }, (): WatchStep => ({ end: 'done' }));
  const { clock, asked, ended } = follow([[page('10')]], watches, stop);
  await clock.advance(60_000);
  assert.ok(asked.length < 12, `${asked.length} requests`);
  stop.abort(new Error('stop'));
  await assert.rejects(ended);
});

test('a list that begins again forgets the pages before', async () => {
  const stop = new AbortController();
  const { clock, events, ended } = follow(
    [[page('10', 'a', 'b'), { ...page('12', 'b'), restarted: true }, page('12', 'c')]],
    [],
    stop,
  );
  await clock.advance(0);
  assert.deepEqual(events, ['listed b,c']);
  stop.abort(new Error('stop'));
  await assert.rejects(ended);
});
