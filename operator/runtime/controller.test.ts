import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock, type VirtualClock } from './clock.ts';
import { createController, type ControllerOptions } from './controller.ts';

const never = (): AbortSignal => new AbortController().signal;

/** A controller whose reconciles and errors are noted as `key@time` and `key failures retryAfterMs`. */
function setUp(
  reconcile: ControllerOptions<string>['reconcile'],
  options: Partial<ControllerOptions<string>> = {},
) {
  const clock = createVirtualClock();
  const runs: string[] = [];
  const errors: string[] = [];
  const controller = createController<string>({
    name: 'test',
    clock,
    reconcile: (key, signal, aside) => {
      runs.push(`${key}@${clock.now()}`);
      return reconcile(key, signal, aside);
    },
    onError: (key, _error, failures, retryAfterMs) =>
      errors.push(`${key} ${failures} ${retryAfterMs}`),
    ...options,
  });
  return { clock, runs, errors, controller };
}

async function stop(controller: AsyncDisposable, clock: VirtualClock): Promise<void> {
  const stopped = controller[Symbol.asyncDispose]();
  await clock.advance(60_000);
  await stopped;
}

test('controller: keys gather until the start, each is reconciled once', async () => {
  const { clock, runs, controller } = setUp(async () => ({ type: 'done' }));
  controller.enqueue('a');
  controller.enqueue('b');
  controller.enqueue('a');
  await clock.advance(1000);
  assert.deepEqual(runs, []);
  assert.equal(controller.idle, false);
  controller.start();
  controller.start();
  await clock.advance(0);
  assert.deepEqual(runs, ['a@1000', 'b@1000']);
  assert.equal(controller.idle, true);
  await stop(controller, clock);
});

test('controller: outcome `requeue` comes back with its priority, by default behind all others', async () => {
  const left = new Map([
    ['begun', 1],
    ['resync', undefined],
  ]);
  const { clock, runs, controller } = setUp(async (key) => {
    if (!left.has(key)) return { type: 'done' };
    const priority = left.get(key);
    left.delete(key);
    const back = { type: 'requeue', afterMs: 0 } as const;
    return priority === undefined ? back : { ...back, priority };
  });
  for (const key of ['begun', 'resync', 'new', 'newer']) controller.enqueue(key);
  controller.start();
  await clock.advance(0);
  assert.deepEqual(runs, ['begun@0', 'begun@0', 'resync@0', 'new@0', 'newer@0', 'resync@0']);
  await stop(controller, clock);
});

test('controller: outcome `done` forgets the key', async () => {
  const { clock, runs, controller } = setUp(async () => ({ type: 'done' }));
  controller.start();
  controller.enqueue('a');
  await clock.advance(1_000_000);
  assert.deepEqual(runs, ['a@0']);
  await stop(controller, clock);
});

test('controller: outcome `requeue` comes back after its time, or earlier when something happens', async () => {
  const { clock, runs, controller } = setUp(async () => ({ type: 'requeue', afterMs: 100 }));
  controller.start();
  controller.enqueue('a');
  await clock.advance(150);
  controller.enqueue('a');
  await clock.advance(100);
  assert.deepEqual(runs, ['a@0', 'a@100', 'a@150', 'a@250']);
  await stop(controller, clock);
});

test('controller: a failing key backs off alone, and success or requeue forgets its failures', async () => {
  const results = ['fail', 'fail', 'fail', 'requeue', 'fail', 'done'];
  const { clock, runs, errors, controller } = setUp(async (key) => {
    const result = key === 'a' ? results.shift() : 'done';
    if (result === 'fail') throw new Error('boom');
    return result === 'requeue' ? { type: 'requeue', afterMs: 1000 } : { type: 'done' };
  });
  controller.start();
  controller.enqueue('a');
  controller.enqueue('b');
  await clock.advance(100_000);
  assert.deepEqual(runs, ['a@0', 'b@0', 'a@1000', 'a@3000', 'a@7000', 'a@8000', 'a@9000']);
  assert.deepEqual(errors, ['a 1 1000', 'a 2 2000', 'a 3 4000', 'a 1 1000']);
  await stop(controller, clock);
});

test('controller: the backoff ends at its maximum', async () => {
  const { clock, errors, controller } = setUp(() => Promise.reject(new Error('boom')), {
    retry: { minMs: 10, maxMs: 35 },
  });
  controller.start();
  controller.enqueue('a');
  await clock.advance(120);
  assert.deepEqual(errors, ['a 1 10', 'a 2 20', 'a 3 35', 'a 4 35', 'a 5 35']);
  await stop(controller, clock);
});

test('controller: a key woken while it runs runs once more, never beside itself', async () => {
  const { clock, runs, controller } = setUp(
    async (_key, signal) => {
      await clock.sleep(10, signal);
      return { type: 'done' };
    },
    { workers: 4 },
  );
  controller.start();
  controller.enqueue('a');
  await clock.advance(5);
  controller.enqueue('a');
  controller.enqueue('a');
  controller.enqueue('b');
  await clock.advance(100);
  assert.deepEqual(runs, ['a@0', 'b@5', 'a@10']);
  await stop(controller, clock);
});

test('controller: a key that waits aside leaves its worker to the others, and runs beside none of its own', async () => {
  const { clock, runs, controller } = setUp(async (key, signal, aside) => {
    if (key === 'slow') await aside(() => clock.sleep(1_000, signal));
    return { type: 'done' };
  });
  controller.start();
  controller.enqueue('slow');
  await clock.advance(10);
  controller.enqueue('slow');
  controller.enqueue('quick');
  await clock.advance(10);
  assert.deepEqual(runs, ['slow@0', 'quick@10']);
  assert.equal(controller.idle, false);
  await clock.advance(2_000);
  assert.deepEqual(runs, ['slow@0', 'quick@10', 'slow@1000']);
  assert.equal(controller.idle, true);
  await stop(controller, clock);
});

test('controller: stopping waits for what is done aside, too', async () => {
  let ended = false;
  const { clock, runs, controller } = setUp(async (_key, signal, aside) => {
    await aside(async () => {
      await clock.sleep(60_000, signal).catch(() => {});
      await clock.sleep(500, never());
    });
    ended = true;
    return { type: 'done' };
  });
  controller.start();
  controller.enqueue('a');
  await clock.advance(10);
  const stopping = controller[Symbol.asyncDispose]();
  controller.enqueue('b');
  await clock.advance(500);
  await stopping;
  assert.deepEqual([ended, runs], [true, ['a@0']]);
});

test('controller: stopping aborts what runs, waits for it, and starts nothing more', async () => {
  let ended = false;
  let reason: unknown;
  const { clock, runs, errors, controller } = setUp(async (_key, signal) => {
    try {
      await clock.sleep(60_000, signal);
    } catch (error) {
      reason = error;
      await clock.sleep(500, never()); // putting things in order
      ended = true;
      throw error;
    }
    return { type: 'done' };
  });
  controller.start();
  controller.enqueue('a');
  controller.enqueue('b');
  await clock.advance(10);
  let stopped = false;
  const stopping = controller[Symbol.asyncDispose]().then(() => {
    stopped = true;
  });
  await clock.advance(499);
  assert.equal(stopped, false);
  await clock.advance(1);
  await stopping;
  assert.equal(ended, true);
  assert.match(String(reason), /shutdown/);
  controller.enqueue('c');
  await clock.advance(1_000_000);
  assert.deepEqual(runs, ['a@0']);
  assert.deepEqual(errors, []);
  assert.equal(clock.pending, 0);
  await controller[Symbol.asyncDispose]();
});

test('controller: stopping gives up on a reconcile that does not end', async () => {
  const { clock, controller } = setUp(() => new Promise(() => {}), { drainMs: 2000 });
  controller.start();
  controller.enqueue('a');
  await clock.advance(0);
  let stopped = false;
  const stopping = controller[Symbol.asyncDispose]().then(() => {
    stopped = true;
  });
  await clock.advance(1999);
  assert.equal(stopped, false);
  await clock.advance(1);
  await stopping;
});

test('controller: a key handed out in the moment of stopping is not reconciled', async () => {
  const { clock, runs, controller } = setUp(async () => ({ type: 'done' }));
  controller.start();
  controller.enqueue('a');
  const stopped = controller[Symbol.asyncDispose]();
  await clock.advance(0);
  await stopped;
  assert.deepEqual(runs, []);
});
