import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createVirtualClock } from '../runtime/clock.ts';
import { createFailureCount } from './failure-count.ts';

const clock = createVirtualClock();
const create = (over: object = {}) =>
  createFailureCount({
    ...{ max: 3, windowMs: 1_000, maxEntries: 2, precious: 'admin', clock, random: () => 0 },
    ...over,
  });

describe('failures', () => {
  test('lock at the limit, each name for itself', () => {
    const failures = create();
    for (const locked of [false, false, true]) {
      failures.failed('a');
      assert.equal(failures.isLocked('a'), locked);
    }
    assert.equal(failures.isLocked('b'), false);
  });

  test('are forgotten a window after the last one, or by a success', async () => {
    const failures = create({ max: 2 });
    failures.failed('a');
    await clock.advance(900);
    failures.failed('a');
    await clock.advance(900);
    assert.equal(failures.isLocked('a'), true);
    await clock.advance(100);
    assert.equal(failures.isLocked('a'), false);
    failures.failed('a');
    failures.succeeded('a');
    failures.failed('a');
    assert.equal(failures.isLocked('a'), false);
  });

  test('those of somebody who succeeded are taken away, and no more than there are', () => {
    const failures = create();
    for (let nth = 0; nth < 3; nth += 1) failures.failed('a');
    failures.forgive('a', 1);
    assert.equal(failures.isLocked('a'), false);
    assert.equal(failures.succeeded('a'), 2);
    assert.equal(failures.succeeded('a'), 0);
    failures.failed('a');
    failures.forgive('a', 5);
    for (const locked of [false, false, true]) {
      failures.failed('a');
      assert.equal(failures.isLocked('a'), locked);
    }
  });

  test('are never forgotten without a window, and never lock without a limit', async () => {
    const forever = create({ max: 1, windowMs: 0 });
    forever.failed('a');
    await clock.advance(1e9);
    assert.equal(forever.isLocked('a'), true);
    const never = create({ max: 0 });
    never.failed('a');
    assert.equal(never.isLocked('a'), false);
  });

  test('one is forgotten by chance when there are too many, but not that of admin', () => {
    const failures = create({ max: 1 });
    for (const name of ['admin', 'a', 'b']) failures.failed(name);
    const locked = ['admin', 'a', 'b'].filter((name) => failures.isLocked(name));
    assert.deepEqual(locked, ['admin', 'b']);
  });
});
