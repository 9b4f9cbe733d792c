import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../ports/clock.ts';
import type { LeaseLock, StoredLease } from '../ports/lease.ts';
import { createVirtualClock } from './clock.ts';
import { acquireLeadership, type Leadership } from './leader-election.ts';

/** A lease that can be made unreachable for one candidate, before or after the write is stored. */
function createSharedLease() {
  let stored: StoredLease | undefined;
  let version = 0;
  return {
    get holder() {
      return stored?.holder;
    },
    lockFor(network: () => 'up' | 'down' | 'answers-lost'): LeaseLock {
      const check = (phase: 'before' | 'after') => {
        const state = network();
        if (state === 'down' || (state === 'answers-lost' && phase === 'after'))
          throw new Error('network');
      };
      return {
        name: 'test/lease',
        async get() {
          check('before');
          check('after');
          return stored;
        },
        async update(record, expected) {
          check('before');
          if (stored?.version !== expected) return undefined;
          version += 1;
          stored = { ...record, version: String(version) };
          check('after');
          return stored;
        },
      };
    },
  };
}

function shifted(clock: Clock, byMs: number): Clock {
  return { ...clock, now: () => clock.now() + byMs, monotonic: () => clock.monotonic() + 17 };
}

test('the second candidate waits, and follows at once when the first gives up', async () => {
  const clock = createVirtualClock();
  const lease = createSharedLease();
  const stop = new AbortController();
  const options = { clock, random: () => 0, lock: lease.lockFor(() => 'up') };
  const first = await acquireLeadership({ ...options, identity: 'one' }, stop.signal);
  let second: Leadership | undefined;
  const waiting = acquireLeadership({ ...options, identity: 'two' }, stop.signal).then((won) => {
    second = won;
  });
  await clock.advance(60_000);
  assert.equal(second, undefined);
  assert.equal(first.signal.aborted, false);
  await first[Symbol.asyncDispose]();
  await clock.advance(2_500);
  await waiting;
  assert.equal(lease.holder, 'two');
  assert.equal(first.signal.aborted, false);
});

test('a leader that is cut off stops before another begins, and says why', async () => {
  const clock = createVirtualClock();
  const lease = createSharedLease();
  const stop = new AbortController();
  let network: 'up' | 'down' = 'up';
  const first = await acquireLeadership(
    { clock, random: () => 0, identity: 'one', lock: lease.lockFor(() => network) },
    stop.signal,
  );
  const waiting = acquireLeadership(
    {
      clock: shifted(clock, 3_600_000),
      random: () => 0,
      identity: 'two',
      lock: lease.lockFor(() => 'up'),
    },
    stop.signal,
  );
  let won = false;
  void waiting.then(() => {
    won = true;
  });
  await clock.advance(5_000);
  network = 'down';
  await clock.advance(6_500);
  assert.equal(won, false);
  await clock.advance(2_000);
  assert.equal(first.signal.aborted, true);
  assert.equal(first.signal.reason.fields.cause, 'lost-leadership');
  assert.equal(won, false);
  await clock.advance(10_000);
  assert.equal(won, true);
});

test('a leader that vanishes is followed one lease after its last renewal was seen', async () => {
  for (const vanishesAtMs of [10_001, 11_000, 11_999]) {
    const clock = createVirtualClock();
    const lease = createSharedLease();
    const stop = new AbortController();
    let network: 'up' | 'down' = 'up';
    const options = { clock, random: () => 0.99 };
    await acquireLeadership(
      { ...options, identity: 'one', lock: lease.lockFor(() => network) },
      stop.signal,
    );
    let wonAtMs: number | undefined;
    const waiting = acquireLeadership(
      { ...options, identity: 'two', lock: lease.lockFor(() => 'up') },
      stop.signal,
    ).then(() => {
      wonAtMs = clock.monotonic();
    });
    await clock.advance(vanishesAtMs);
    network = 'down';
    const goneAtMs = clock.monotonic();
    await clock.advance(30_000);
    await waiting;
    const tookMs = (wonAtMs ?? Number.NaN) - goneAtMs;
    assert.ok(tookMs <= 15_000, `after ${tookMs} ms`);
    stop.abort(new Error('shutdown'));
  }
});

test('waiting ends with the reason of the abort', async () => {
  const clock = createVirtualClock();
  const lease = createSharedLease();
  const stop = new AbortController();
  const waiting = acquireLeadership(
    { clock, random: () => 0, identity: 'one', lock: lease.lockFor(() => 'down') },
    stop.signal,
  );
  const reason = new Error('shutdown');
  await clock.advance(5_000);
  stop.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
});

test('whatever the network does, there are never two leaders', async () => {
  const networks = fc.constantFrom(
    'up' as const,
    'up' as const,
    'down' as const,
    'answers-lost' as const,
  );
  const schedule = fc.array(
    fc.record({
      ms: fc.integer({ min: 100, max: 9_000 }),
      states: fc.tuple(networks, networks, networks),
    }),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(
      schedule,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (steps, chance) => {
        const clock = createVirtualClock();
        const lease = createSharedLease();
        const stop = new AbortController();
        const states: ('up' | 'down' | 'answers-lost')[] = ['up', 'up', 'up'];
        const leading = new Set<number>();
        const candidates = [0, 1, 2].map(async (index) => {
          const own = shifted(clock, index * 100_000);
          const random = () => chance.next().value ?? 0;
          while (!stop.signal.aborted) {
            await using leadership = await acquireLeadership(
              {
                clock: own,
                random,
                identity: `candidate-${index}`,
                lock: lease.lockFor(() => states[index] ?? 'up'),
              },
              stop.signal,
            );
            leading.add(index);
            assert.ok(leading.size <= 1, `two leaders: ${[...leading]}`);
            await new Promise((resolve) => {
              leadership.signal.addEventListener('abort', () => {
                leading.delete(index);
                resolve(undefined);
              });
              stop.signal.addEventListener('abort', resolve);
            });
          }
        });
        const outcomes = Promise.allSettled(candidates);
        for (const { ms, states: next } of steps) {
          states.splice(0, 3, ...next);
          await clock.advance(ms);
        }
        states.fill('up');
        await clock.advance(60_000);
        assert.equal(leading.size, 1, 'nobody leads a minute after all is well');
        const reason = new Error('shutdown');
        stop.abort(reason);
        await clock.advance(20_000);
        for (const outcome of await outcomes) {
          assert.ok(
            outcome.status === 'fulfilled' || outcome.reason === reason,
            String(outcome.status === 'rejected' && outcome.reason),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});
