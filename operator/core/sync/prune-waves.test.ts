import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Operation } from '../app/types.ts';
import { OWN_INFO, withoutOwnInfo } from './own-info.ts';
import { hasUnstoredWaves, readPruneWaves, withPruneWaves } from './prune-waves.ts';
import type { SyncPlan } from './plan-sync.ts';

const asked: Operation = { sync: { prune: true }, info: [{ name: 'Reason', value: 'because' }] };

test('prune waves: what is stored is read again, and taken away leaves what was asked for', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (waves) => {
      const stored = withPruneWaves(withPruneWaves(asked, [7]), waves);
      assert.deepEqual(readPruneWaves(stored), waves);
      assert.deepEqual(withoutOwnInfo(stored), asked);
      assert.deepEqual(withoutOwnInfo(withPruneWaves({}, waves)), {});
    }),
  );
});

for (const value of ['', '0,1', '0  1', ' 0', 'x', '0 1 2.5', '0 1e3'])
  test(`prune waves: "${value}" was not written by us, and is nothing`, () => {
    assert.equal(readPruneWaves({ info: [{ name: OWN_INFO.pruneWaves, value }] }), undefined);
  });

for (const { name, waves, operation, expected } of [
  { name: 'several waves are stored before', waves: [0, 1], operation: asked, expected: true },
  { name: 'one wave has nothing to keep', waves: [3], operation: asked, expected: false },
  {
    name: 'once is enough',
    waves: [0],
    operation: withPruneWaves(asked, [0, 1]),
    expected: false,
  },
  { name: 'nothing is pruned', waves: [0, 1], operation: { sync: {} }, expected: false },
  {
    name: 'a dry run prunes nothing',
    waves: [0, 1],
    operation: { sync: { prune: true, dryRun: true } },
    expected: false,
  },
])
  test(`prune waves: ${name}`, () => {
    const plan: SyncPlan = { tasks: [], problems: [], brake: undefined, pruneWaves: waves };
    assert.equal(hasUnstoredWaves(plan, operation), expected);
  });
