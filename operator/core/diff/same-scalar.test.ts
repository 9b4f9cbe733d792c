import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../objects/json.ts';
import { parseGoDuration } from './go-duration.ts';
import { sameScalar } from './same-scalar.ts';
import { parseTimestamp } from './timestamp.ts';
import type { ScalarType } from './type-schema.ts';

type Row = readonly [type: ScalarType | undefined, left: JsonValue, right: JsonValue];

const SAME: readonly Row[] = [
  ['quantity', '1000m', 1],
  ['quantity', '0.5', '500m'],
  ['quantity', '1Gi', '1024Mi'],
  ['duration', '1h', '60m'],
  ['duration', '1h30m', '1.5h'],
  ['duration', '0', '0s'],
  ['duration', '1000us', '1ms'],
  ['duration', '-1m', '-60s'],
  ['time', '2024-05-06T07:08:09Z', '2024-05-06T09:08:09+02:00'],
  ['time', '2024-05-06T07:08:09.999Z', '2024-05-06T07:08:09Z'],
  ['time', '2024-03-01T00:30:00+01:00', '2024-02-29T23:30:00Z'],
  ['micro-time', '2024-05-06T07:08:09.000001Z', '2024-05-06T07:08:09.0000019Z'],
  ['bytes', 'YW\nJj\r\n', 'YWJj'],
];
const OTHER: readonly Row[] = [
  [undefined, '1000m', '1'],
  [undefined, '80', 80],
  [undefined, '1h', '60m'],
  ['quantity', '1', true],
  ['quantity', '1G', '1Gi'],
  ['quantity', 'x', 'x '],
  ['duration', '1h', '61m'],
  ['duration', '', '0'],
  ['duration', '1', '1s'],
  ['duration', 60, '60s'],
  ['duration', '1 h', '1h'],
  ['time', '2024-05-06T07:08:09Z', '2024-05-06T07:08:10Z'],
  ['time', 'soon', 'later'],
  ['time', '2024-05-06', '2024-05-06T00:00:00Z'],
  ['micro-time', '2024-05-06T07:08:09.000001Z', '2024-05-06T07:08:09.000002Z'],
  ['bytes', 'YWJj', 'YWJk'],
];

describe('scalars', () => {
  for (const [type, left, right] of SAME)
    test(`${type} ${JSON.stringify(left)} is ${JSON.stringify(right)}`, () => {
      assert.ok(sameScalar(type, left, right));
      assert.ok(sameScalar(type, right, left));
    });
  for (const [type, left, right] of OTHER)
    test(`${type} ${JSON.stringify(left)} is not ${JSON.stringify(right)}`, () => {
      assert.ok(!sameScalar(type, left, right));
      assert.ok(!sameScalar(type, right, left));
    });

  test('every time is read as JavaScript reads it', () =>
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => assert.equal(parseTimestamp(date.toISOString()), BigInt(date.getTime()) * 1000n),
      ),
    ));

  test('units of durations add up', () =>
    fc.assert(
      fc.property(fc.nat(99), fc.nat(99), fc.nat(99), (h, m, s) =>
        assert.equal(parseGoDuration(`${h}h${m}m${s}s`), BigInt((h * 60 + m) * 60 + s) * 10n ** 9n),
      ),
    ));
});
