import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createVirtualClock } from './clock.ts';
import { createSingleFlight } from './single-flight.ts';

const never = (): AbortSignal => new AbortController().signal;

test('single flight: callers share one piece of work and its result', async () => {
  const clock = createVirtualClock();
  const flight = createSingleFlight();
  const signal = never();
  let times = 0;
  const work = async (stop: AbortSignal) => {
    times += 1;
    await clock.sleep(10, stop);
    return { times };
  };
  const all = Promise.all([1, 2, 3].map(() => flight.run('a', work, signal)));
  await clock.advance(10);
  const [first, second, third] = await all;
  assert.equal(times, 1);
  assert.equal(first, second);
  assert.equal(second, third);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('single flight: other keys are other work', async () => {
  const flight = createSingleFlight();
  const results = await Promise.all(
    ['a', 'b'].map((key) => flight.run(key, async () => key, never())),
  );
  assert.deepEqual(results, ['a', 'b']);
});

test('single flight: one caller leaves, the work goes on for the others', async () => {
  const clock = createVirtualClock();
  const flight = createSingleFlight();
  const leaver = new AbortController();
  const work = async (stop: AbortSignal) => {
    await clock.sleep(10, stop);
    return 'done';
  };
  const left = flight.run('a', work, leaver.signal);
  const stayed = flight.run('a', work, never());
  leaver.abort('bored');
  await assert.rejects(left, (reason) => reason === 'bored');
  await clock.advance(10);
  assert.equal(await stayed, 'done');
});

test('single flight: when all leave, the work is aborted with the reason of the last', async () => {
  const clock = createVirtualClock();
  const flight = createSingleFlight();
  const callers = [new AbortController(), new AbortController()];
  let reason: unknown;
  const work = async (stop: AbortSignal) => {
    stop.addEventListener('abort', () => {
      reason = stop.reason;
    });
    await clock.sleep(10, stop);
  };
  const all = callers.map((caller) => flight.run('a', work, caller.signal));
  const outcomes = Promise.allSettled(all);
  callers[0]?.abort('one');
  await clock.advance(0);
  assert.equal(reason, undefined);
  callers[1]?.abort('two');
  await outcomes;
  assert.equal(reason, 'two');
  assert.equal(clock.pending, 0);
});

test('single flight: who asks after everyone left waits until the aborted work has ended', async () => {
  const clock = createVirtualClock();
  const flight = createSingleFlight();
  let running = 0;
  const work = async (stop: AbortSignal) => {
    running += 1;
    assert.equal(running, 1, 'two pieces of work for one key');
    try {
      await clock.sleep(100, stop);
      return 'done';
    } finally {
      await clock.sleep(20, never()); // stopping takes its time
      running -= 1;
    }
  };
  const leaver = new AbortController();
  const left = flight.run('a', work, leaver.signal);
  leaver.abort('bored');
  await assert.rejects(left, (reason) => reason === 'bored');
  const next = flight.run('a', work, never());
  await clock.advance(500);
  assert.equal(await next, 'done');
});

test('single flight: a failure is shared, and the next call tries again', async () => {
  const flight = createSingleFlight();
  let times = 0;
  const work = async () => {
    times += 1;
    if (times === 1) throw new Error('boom');
    return times;
  };
  const outcomes = await Promise.allSettled([1, 2].map(() => flight.run('a', work, never())));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(await flight.run('a', work, never()), 2);
});

test('single flight: an aborted caller starts nothing', async () => {
  const flight = createSingleFlight();
  const call = flight.run('a', async () => assert.fail('ran'), AbortSignal.abort('gone'));
  await assert.rejects(call, (reason) => reason === 'gone');
});
