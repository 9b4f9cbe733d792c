import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffDelay, createBackoff } from './backoff.ts';

const cases = [
  { name: 'doubles', min: 1, max: 100, factor: 2, delays: [1, 2, 4, 8, 16, 32, 64, 100, 100] },
  { name: 'stays with factor 1', min: 5, max: 100, factor: 1, delays: [5, 5, 5] },
  { name: 'starts at the maximum', min: 500, max: 100, factor: 2, delays: [100, 100] },
  { name: 'is nothing from nothing', min: 0, max: 100, factor: 2, delays: [0, 0, 0] },
] as const;

for (const { name, min, max, factor, delays } of cases)
  test(`backoff: ${name}`, () => {
    const backoff = createBackoff({ minMs: min, maxMs: max, factor, jitter: 0, random: () => 0.9 });
    assert.deepEqual(
      delays.map(() => backoff.next()),
      [...delays],
    );
    backoff.reset();
    assert.equal(backoff.next(), delays[0]);
  });

test('backoff: jitter only shortens', () => {
  const backoff = createBackoff({
    minMs: 100,
    maxMs: 1000,
    factor: 2,
    jitter: 0.5,
    random: () => 0.5,
  });
  assert.deepEqual([backoff.next(), backoff.next()], [75, 150]);
});

test('backoff: is a number between 0 and the maximum, however many attempts', () => {
  fc.assert(
    fc.property(
      fc.nat(1000),
      fc.nat(100_000),
      fc.double({ min: 1, max: 10, noNaN: true }),
      fc.nat(1_000_000),
      (minMs, maxMs, factor, attempt) => {
        const delay = backoffDelay(attempt, { minMs, maxMs, factor });
        assert.ok(delay >= 0 && delay <= maxMs, String(delay));
      },
    ),
  );
});
