import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePruneLimit, pruneBrake } from './prune-brake.ts';
import { manifest } from './testing/objects.ts';
import { DEFAULT_TRACKING, track } from '../tracking/tracking.ts';
import { APP, createWorld, NAMESPACE, planFor } from './testing/simulate.ts';
import { nextStep } from './next-step.ts';

const cases: readonly (readonly [
  limit: string,
  pruned: number,
  total: number,
  brake: string | undefined,
])[] = [
  ['', 20, 20, undefined],
  ['10', 10, 20, undefined],
  ['10', 11, 20, 'pruning 11 of 20 objects at once, more than 10'],
  ['0', 0, 20, undefined],
  ['0', 1, 20, 'pruning 1 of 20 objects at once, more than 0'],
  [' 25% ', 5, 20, undefined],
  ['25%', 6, 20, 'pruning 6 of 20 objects at once, more than 25 %'],
  ['25 %', 3, 10, 'pruning 3 of 10 objects at once, more than 25 %'],
  ['100%', 20, 20, undefined],
  ['0%', 1, 1_000, 'pruning 1 of 1000 objects at once, more than 0 %'],
  [
    'ten',
    1,
    20,
    'pruning 1 of 20 objects at once, and the limit "ten" is neither a number nor a percentage',
  ],
  [
    '101%',
    1,
    20,
    'pruning 1 of 20 objects at once, and the limit "101%" is neither a number nor a percentage',
  ],
  [
    '-1',
    1,
    20,
    'pruning 1 of 20 objects at once, and the limit "-1" is neither a number nor a percentage',
  ],
];

for (const [limit, pruned, total, brake] of cases)
  test(`prune limit "${limit}": ${pruned} of ${total} ${brake === undefined ? 'go' : 'wait'}`, () => {
    assert.equal(pruneBrake(parsePruneLimit(limit), { pruned, total }), brake);
  });

const counts = fc
  .tuple(fc.nat(1_000), fc.nat(1_000))
  .map(([left, right]) => ({ pruned: Math.min(left, right), total: Math.max(left, right) }));

test('prune limit: a higher one never stops what a lower one lets pass', () => {
  const limits = fc.tuple(fc.nat(100), fc.nat(100), fc.constantFrom('', '%'));
  fc.assert(
    fc.property(counts, limits, (count, [left, right, unit]) => {
      const [low, high] = [Math.min(left, right), Math.max(left, right)];
      const passes = (limit: number) =>
        pruneBrake(parsePruneLimit(`${limit}${unit}`), count) === undefined;
      assert.ok(!passes(low) || passes(high));
    }),
  );
});

const owned = (name: string) =>
  track(manifest(`ConfigMap/${name}`, { namespace: NAMESPACE }), APP, NAMESPACE, DEFAULT_TRACKING);

test('prune limit: no step prunes more than it without approval, and applies nothing of the group', () => {
  fc.assert(
    fc.property(fc.nat(8), fc.nat(8), fc.nat(10), fc.boolean(), (kept, gone, limit, approved) => {
      const names = Array.from({ length: kept + gone }, (_, index) => `c${index}`);
      const world = createWorld(names.map(owned));
      const plan = planFor(
        {
          manifests: names.slice(0, kept).map((name) => manifest(`ConfigMap/${name}`)),
          pruneLimit: { type: 'count', count: limit },
        },
        world,
      );
      const step = nextStep(plan, {
        results: new Map(),
        live: (key) => world.objects.get(key)?.object,
        health: () => undefined,
        pruneApproved: approved,
        nowMs: 0,
        parseTime: Number,
      });
      if (gone > limit && !approved) {
        assert.ok(step.type === 'wait');
        assert.ok(step.message.includes(`pruning ${gone} of ${kept + gone} objects`));
      } else if (step.type === 'run') assert.equal(step.prune.length, gone);
      else assert.equal(kept + gone, 0);
    }),
  );
});
