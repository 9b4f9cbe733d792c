import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  all,
  type Answer,
  consistently,
  eventually,
  type Expectation,
  met,
  pending,
  violated,
} from './expectation.ts';

const signal = AbortSignal.timeout(30_000);
const quick = { everyMs: 1, signal };

/** Answers one after the other, then the last for ever; counts how often it was asked. */
function answers(...list: readonly Answer[]): Expectation & { asked: number } {
  const ask = Object.assign(
    (): Answer => list[Math.min(ask.asked++, list.length - 1)] ?? pending('nothing'),
    { asked: 0 },
  );
  return ask;
}

test('eventually waits while pending and ends when met', async () => {
  const ask = answers(pending('one'), pending('two'), met());
  await eventually(ask, { ...quick, withinMs: 5_000 });
  assert.equal(ask.asked, 3);
});

test('eventually fails at once when violated', async () => {
  const ask = answers(pending('one'), violated('the operation failed'), met());
  await assert.rejects(eventually(ask, { ...quick, withinMs: 5_000 }), {
    name: 'ExpectationError',
    message: 'violated: the operation failed',
  });
  assert.equal(ask.asked, 2);
});

test('eventually tells what it saw last when time runs out', async () => {
  const ask = answers(pending('early'), pending('OutOfSync'));
  await assert.rejects(eventually(ask, { ...quick, withinMs: 10 }), {
    message: 'not met within 10 ms; last seen: OutOfSync',
  });
});

test('what an expectation throws counts as pending', async () => {
  let asked = 0;
  const ask: Expectation = () => {
    if (asked++ === 0) throw new Error('connection refused');
    return met();
  };
  await eventually(ask, { ...quick, withinMs: 5_000 });
  const never: Expectation = () => Promise.reject(new Error('connection refused'));
  await assert.rejects(eventually(never, { ...quick, withinMs: 5 }), /connection refused/);
});

test('an abort ends the wait with its reason', async () => {
  const abort = new AbortController();
  const waiting = eventually(answers(pending('never')), { withinMs: 60_000, signal: abort.signal });
  abort.abort(new Error('enough'));
  await assert.rejects(waiting, /^Error: enough$/);
});

test('consistently ends after its time, and fails at the first other answer', async () => {
  const ask = answers(met());
  await consistently(ask, { ...quick, forMs: 20 });
  assert.ok(ask.asked > 1);
  const drifts = answers(met(), met(), pending('OutOfSync'), met());
  await assert.rejects(
    consistently(drifts, { ...quick, forMs: 5_000 }),
    /no longer met after \d+ ms: OutOfSync/,
  );
});

test('all is met when each is, and shows only what is open', async () => {
  assert.deepEqual(await all(answers(met('a')), answers(met('b')))(signal), met('a; b'));
  assert.deepEqual(
    await all(answers(met('a')), answers(pending('b')), answers(pending('c')))(signal),
    pending('b; c'),
  );
  assert.deepEqual(
    await all(answers(pending('a')), answers(violated('b')))(signal),
    violated('a; b'),
  );
});
