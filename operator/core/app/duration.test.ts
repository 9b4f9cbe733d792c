import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration } from './duration.ts';

const cases: readonly (readonly [text: string, ms: number | undefined])[] = [
  ['5s', 5_000],
  ['1m30s', 90_000],
  ['300ms', 300],
  ['1.5h', 5_400_000],
  ['2h45m', 9_900_000],
  ['-5s', -5_000],
  ['1us', 0.001],
  ['1µs', 0.001],
  ['.5s', 500],
  ['10', 10_000],
  ['0', 0],
  ['', undefined],
  ['5', 5_000],
  ['5 s', undefined],
  ['5d', undefined],
  ['s', undefined],
  ['1s2', undefined],
  ['1e3s', undefined],
  ['five', undefined],
];

for (const [text, ms] of cases)
  test(`${text || 'nothing'} is ${ms === undefined ? 'no duration' : `${ms} ms`}`, () => {
    assert.equal(parseDuration(text), ms);
  });

test('hours, minutes, seconds and milliseconds add up', () => {
  const n = fc.nat({ max: 10_000 });
  fc.assert(
    fc.property(n, n, n, n, (h, m, s, ms) => {
      const total = ((h * 60 + m) * 60 + s) * 1000 + ms;
      assert.equal(parseDuration(`${h}h${m}m${s}s${ms}ms`), total);
    }),
  );
});
