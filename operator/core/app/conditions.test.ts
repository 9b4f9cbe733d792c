import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { setConditions } from './conditions.ts';
import type { Condition } from './types.ts';

const EARLIER = '2026-01-01T00:00:00Z';
const NOW = '2026-01-02T00:00:00Z';
const old = (type: string, message: string): Condition => ({
  type,
  message,
  lastTransitionTime: EARLIER,
});

describe('conditions', () => {
  test('of other types stay', () => {
    const kept = old('SyncError', 'failed');
    assert.deepEqual(setConditions([kept], ['ComparisonError'], [], NOW), [kept]);
  });

  test('of evaluated types go when they are not told again', () => {
    assert.deepEqual(setConditions([old('SyncError', 'x')], ['SyncError'], [], NOW), []);
  });

  test('told again keep their time; others begin now', () => {
    const told = [
      { type: 'SyncError', message: 'same' },
      { type: 'SyncError', message: 'new' },
    ];
    assert.deepEqual(setConditions([old('SyncError', 'same')], ['SyncError'], told, NOW), [
      { type: 'SyncError', message: 'new', lastTransitionTime: NOW },
      old('SyncError', 'same'),
    ]);
  });

  test('setting the same again changes nothing', () => {
    const type = fc.constantFrom('A', 'B', 'C');
    const condition = fc.record({ type, message: fc.constantFrom('x', 'y', 'z') });
    fc.assert(
      fc.property(fc.uniqueArray(condition, { selector: (c) => c.type + c.message }), (told) => {
        const types = ['A', 'B', 'C'];
        const once = setConditions([], types, told, EARLIER);
        assert.deepEqual(setConditions(once, types, [...told].reverse(), NOW), once);
      }),
    );
  });
});
