import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { createVirtualClock } from './clock.ts';
import { createKeyedLock } from './keyed-lock.ts';

const never = (): AbortSignal => new AbortController().signal;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('keyed lock: one at a time in order of arrival; other keys do not wait', async () => {
  const clock = createVirtualClock();
  const lock = createKeyedLock();
  const seen: string[] = [];
  const run = (key: string, name: string) =>
    lock.run(key, never(), async () => {
      seen.push(`${name} begins`);
      await clock.sleep(10, never());
      seen.push(`${name} ends`);
      return name;
    });
  const all = Promise.all([run('a', '1'), run('a', '2'), run('b', 'other')]);
  await clock.advance(30);
  assert.deepEqual(await all, ['1', '2', 'other']);
  assert.deepEqual(seen, [
    '1 begins',
    'other begins',
    '1 ends',
    '2 begins',
    'other ends',
    '2 ends',
  ]);
});

test('keyed lock: a failure frees the key and reaches only its caller', async () => {
  const lock = createKeyedLock();
  const failing = lock.run('a', never(), async () => {
    throw new Error('boom');
  });
  const next = lock.run('a', never(), async () => 'fine');
  await assert.rejects(failing, /boom/);
  assert.equal(await next, 'fine');
});

test('keyed lock: who comes after an aborted waiter still waits for the running one', async () => {
  const lock = createKeyedLock();
  const first = Promise.withResolvers<void>();
  const running = lock.run('a', never(), () => first.promise);
  const stop = new AbortController();
  const aborted = lock.run('a', stop.signal, async () => assert.fail('ran'));
  stop.abort('gone');
  await assert.rejects(aborted, (reason) => reason === 'gone');
  await settle();
  let entered = false;
  const late = lock.run('a', never(), async () => {
    entered = true;
  });
  await settle();
  assert.equal(entered, false);
  first.resolve();
  await Promise.all([running, late]);
  assert.equal(entered, true);
});

test('keyed lock: never two at once and nobody forgotten, whoever aborts when', async () => {
  const visit = fc.record({
    at: fc.nat(50),
    lasts: fc.nat(20),
    abortAt: fc.option(fc.nat(80), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(visit, { maxLength: 12 }), async (visits) => {
      const clock = createVirtualClock();
      const lock = createKeyedLock();
      let inside = 0;
      let ended = 0;
      const all = visits.map(async ({ at, lasts, abortAt }) => {
        const stop = new AbortController();
        if (abortAt !== undefined) clock.schedule(abortAt, () => stop.abort());
        await clock.sleep(at, never());
        try {
          await lock.run('a', stop.signal, async () => {
            inside += 1;
            assert.equal(inside, 1);
            await clock.sleep(lasts, never());
            inside -= 1;
          });
        } catch (error) {
          assert.equal(error, stop.signal.reason);
        }
        ended += 1;
        assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
      });
      await clock.advance(1000);
      assert.equal(ended, visits.length);
      await Promise.all(all);
    }),
    { numRuns: 100 },
  );
});

test('keyed lock: a long-lived signal gathers no listeners', async () => {
  const lock = createKeyedLock();
  const signal = never();
  for (let round = 0; round < 50; round++)
    await Promise.all([1, 2, 3].map(() => lock.run('a', signal, async () => {})));
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});
