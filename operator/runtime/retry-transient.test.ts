import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { createVirtualClock } from './clock.ts';
import { retryTransient } from './retry-transient.ts';

const unwell = new TiphysError('KubeRejected', 'etcdserver: request timed out', {
  fields: { status: 500 },
});
const refused = new TiphysError('KubeRejected', 'no', { fields: { status: 405 } });
const unreachable = new TiphysError('KubeUnreachable', 'connection reset');

/** Sleeps at once, and remembers for how long. */
function scene(failures: readonly unknown[]) {
  const slept: number[] = [];
  const clock: Clock = {
    ...createVirtualClock(),
    sleep: async (ms) => void slept.push(ms),
  };
  let calls = 0;
  const attempt = async () => {
    calls += 1;
    if (calls <= failures.length) throw failures[calls - 1];
    return `after ${calls}`;
  };
  const told: unknown[] = [];
  const run = (signal = new AbortController().signal) =>
    retryTransient(attempt, { clock, onTrouble: (error) => told.push(error) }, signal);
  return { run, slept, told };
}

test('an API server that is unwell is asked again, after growing delays, and each failure is told', async () => {
  const { run, slept, told } = scene([unwell, unreachable, unwell]);
  assert.equal(await run(), 'after 4');
  assert.deepEqual(slept, [250, 500, 1_000]);
  assert.deepEqual(told, [unwell, unreachable, unwell]);
});

test('what asking again cannot help is thrown at once', async () => {
  for (const error of [refused, new TiphysError('KubeForbidden', 'no'), new Error('bug')]) {
    const { run, told } = scene([error]);
    await assert.rejects(run(), error);
    assert.deepEqual(told, []);
  }
});

test('six failures are enough', async () => {
  const { run, slept } = scene(Array.from({ length: 6 }, () => unwell));
  await assert.rejects(run(), unwell);
  assert.equal(slept.length, 5);
  assert.ok(slept.reduce((sum, ms) => sum + ms, 0) <= 8_000);
});

test('a cancelled call says so, whatever its failure was', async () => {
  const stop = AbortSignal.abort(new Error('shutdown'));
  await assert.rejects(scene([unwell]).run(stop), /shutdown/);
});
