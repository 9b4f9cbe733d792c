import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createVirtualClock, systemClock } from './clock.ts';

const never = (): AbortSignal => new AbortController().signal;

test('virtual clock: runs what is due in order of time, then of arrival', async () => {
  const clock = createVirtualClock(1000);
  const seen: string[] = [];
  const note = (name: string) => () => void seen.push(`${name}@${clock.now()}`);
  clock.schedule(20, note('late'));
  clock.schedule(10, note('first'));
  clock.schedule(10, note('second'));
  clock.schedule(31, note('not yet'));
  await clock.advance(30);
  assert.deepEqual(seen, ['first@1010', 'second@1010', 'late@1020']);
  assert.equal(clock.now(), 1030);
  assert.equal(clock.monotonic(), 30);
  assert.equal(clock.pending, 1);
});

test('virtual clock: what a sleeper starts runs at its own time', async () => {
  const clock = createVirtualClock();
  const seen: number[] = [];
  const work = async () => {
    for (const ms of [5, 5, 5]) {
      await clock.sleep(ms, never());
      seen.push(clock.now());
    }
  };
  const done = work();
  await clock.advance(12);
  assert.deepEqual(seen, [5, 10]);
  await clock.advance(3);
  await done;
  assert.deepEqual(seen, [5, 10, 15]);
});

test('virtual clock: a disposed callback does not run', async () => {
  const clock = createVirtualClock();
  const timer = clock.schedule(1, () => assert.fail('ran'));
  timer[Symbol.dispose]();
  await clock.advance(10);
  assert.equal(clock.pending, 0);
});

for (const [name, clock] of [
  ['virtual', createVirtualClock()],
  ['system', systemClock],
] as const) {
  test(`${name} clock: an abort ends a sleep with its reason and leaves nothing behind`, async () => {
    const stop = new AbortController();
    const sleep = clock.sleep(60_000, stop.signal);
    stop.abort('enough');
    await assert.rejects(sleep, (reason) => reason === 'enough');
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
    await assert.rejects(clock.sleep(1, stop.signal), (reason) => reason === 'enough');
  });
}

test('system clock: a sleep that ends leaves no listener', async () => {
  const stop = new AbortController();
  await systemClock.sleep(1, stop.signal);
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
});

test('system clock: delays beyond 24.8 days do not fire at once', async () => {
  const stop = new AbortController();
  let fired = false;
  using _timer = systemClock.schedule(2 ** 31, () => {
    fired = true;
  });
  const sleep = systemClock.sleep(Number.POSITIVE_INFINITY, stop.signal).then(
    () => assert.fail('woke up'),
    () => {},
  );
  await systemClock.sleep(20, never());
  stop.abort();
  await sleep;
  assert.equal(fired, false);
});
