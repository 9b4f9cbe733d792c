import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createVirtualClock } from './clock.ts';
import { createLimiter } from './limiter.ts';

const never = new AbortController().signal;

test('never more than so many at once, in order of arrival, and all of them run', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(20), { maxLength: 20 }),
      async (max, durations) => {
        const clock = createVirtualClock();
        const limiter = createLimiter(max);
        const started: number[] = [];
        let running = 0;
        const all = durations.map((ms, index) =>
          limiter.run(never, async () => {
            started.push(index);
            running += 1;
            assert.ok(running <= max);
            await clock.sleep(ms, never);
            running -= 1;
          }),
        );
        await clock.advance(1_000);
        await Promise.all(all);
        assert.deepEqual(
          started,
          durations.map((_, index) => index),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('who gives up while waiting leaves no hole', async () => {
  const limiter = createLimiter(1);
  const first = Promise.withResolvers<void>();
  const running = limiter.run(never, () => first.promise);
  const stop = new AbortController();
  const waiting = limiter.run(stop.signal, async () => assert.fail('must not run'));
  const last = limiter.run(never, async () => 'ran');
  stop.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  first.resolve();
  await running;
  assert.equal(await last, 'ran');
});
