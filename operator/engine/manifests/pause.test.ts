import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterFailure, type Failures, type PauseRule, whenWanted } from './pause.ts';

const HOUR = 3_600_000;
const RULE: PauseRule = { afterFailures: 3, forMs: HOUR, forRequests: 0 };

function failTimes(...times: readonly number[]): Failures {
  let failures: Failures | undefined;
  for (const time of times) failures = afterFailure(failures, new Error(`at ${time}`), time, 0);
  return failures ?? assert.fail('no time');
}

test('the third failure begins a pause that ends an hour after the first', () => {
  assert.equal(whenWanted(failTimes(0, 10), RULE, 20).type, 'try');
  const three = failTimes(0, 10, 20);
  const paused = whenWanted(three, RULE, 30);
  assert.ok(paused.type === 'paused');
  assert.equal((paused.failures.error as Error).message, 'at 20', 'the last one is told');
  assert.equal(paused.untilMs, HOUR);
  assert.equal(whenWanted(three, RULE, HOUR - 1).type, 'paused');
  const over = whenWanted(three, RULE, HOUR);
  assert.deepEqual(over, { type: 'try', failures: undefined }, 'and counts from nothing again');
});

test('a pause by requests ends after so many answers', () => {
  const rule = { ...RULE, forMs: 0, forRequests: 2 };
  let failures = failTimes(0, 1, 2);
  for (const _answer of [1, 2]) {
    const answer = whenWanted(failures, rule, 10 * HOUR);
    assert.ok(answer.type === 'paused');
    failures = answer.failures;
  }
  assert.equal(whenWanted(failures, rule, 10 * HOUR).type, 'try');
});

test('without a threshold nothing is paused', () => {
  const rule = { ...RULE, afterFailures: 0 };
  assert.equal(whenWanted(failTimes(0, 1, 2, 3, 4), rule, 5).type, 'try');
});

test('what failed by its content is held for a moment before the pause', () => {
  const held = afterFailure(undefined, new Error('content'), 100, 50);
  assert.equal(whenWanted(held, RULE, 149).type, 'held');
  assert.equal(whenWanted(held, RULE, 150).type, 'try');
});
