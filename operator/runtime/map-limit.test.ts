import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../core/errors.ts';
import { createVirtualClock } from './clock.ts';
import { mapLimit } from './map-limit.ts';

const never = (): AbortSignal => new AbortController().signal;

test('mapLimit: results stand at the index of their item, never more than the limit at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(20), { maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      async (delays, limit) => {
        const clock = createVirtualClock();
        const signal = never();
        let running = 0;
        let most = 0;
        const mapped = mapLimit(
          delays,
          limit,
          async (ms, stop, index) => {
            running += 1;
            most = Math.max(most, running);
            await clock.sleep(ms, stop);
            running -= 1;
            return `${index}:${ms}`;
          },
          signal,
        );
        await clock.advance(1000);
        assert.deepEqual(
          await mapped,
          delays.map((ms, index) => `${index}:${ms}`),
        );
        assert.ok(most <= limit);
        assert.equal(most, Math.min(limit, delays.length));
        assert.equal(getEventListeners(signal, 'abort').length, 0);
      },
    ),
    { numRuns: 50 },
  );
});

test('mapLimit: the first failure stops the others, waits for them and is thrown', async () => {
  const clock = createVirtualClock();
  const ended: string[] = [];
  const signal = never();
  const mapped = mapLimit(
    ['slow', 'fails', 'tidies', 'never started'],
    3,
    async (name, stop) => {
      if (name === 'fails') {
        await clock.sleep(10, stop);
        throw new Error('boom');
      }
      try {
        await clock.sleep(1000, stop);
      } catch {
        await clock.sleep(50, never()); // cleaning up takes its time
        ended.push(name);
        throw new Error('a later failure');
      }
    },
    signal,
  );
  const outcome = mapped.then(
    () => 'done',
    (error: Error) => error.message,
  );
  await clock.advance(30);
  assert.deepEqual(ended, []);
  await clock.advance(30);
  assert.equal(await outcome, 'boom');
  assert.deepEqual(ended, ['slow', 'tidies']);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('mapLimit: an abort reaches the running calls, starts no others and is thrown', async () => {
  const clock = createVirtualClock();
  const stop = new AbortController();
  const started: number[] = [];
  const mapped = mapLimit(
    [1, 2, 3],
    2,
    async (item, signal) => {
      started.push(item);
      await clock.sleep(10, signal);
    },
    stop.signal,
  );
  stop.abort('enough');
  await assert.rejects(mapped, (reason) => reason === 'enough');
  assert.deepEqual(started, [1, 2]);
  assert.equal(clock.pending, 0);
});

test('mapLimit: an abort that the calls do not notice is thrown all the same', async () => {
  const stop = new AbortController();
  const mapped = mapLimit(
    [1, 2],
    1,
    async (item) => {
      if (item === 1) stop.abort('enough');
      return item;
    },
    stop.signal,
  );
  await assert.rejects(mapped, (reason) => reason === 'enough');
});

test('mapLimit: a limit below 1 is refused, not taken for nothing to do', async () => {
  for (const limit of [0, -1, Number.NaN])
    await assert.rejects(
      mapLimit([1], limit, async (item) => item, never()),
      (error) => hasCode(error, 'Internal'),
    );
});
