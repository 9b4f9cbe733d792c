import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareTasks,
  kindRank,
  PHASES,
  reversePruneWaves,
  waveOf,
  type Ordered,
} from './order.ts';
import { manifest } from './testing/objects.ts';

const WAVE = 'argocd.argoproj.io/sync-wave';
const WEIGHT = 'helm.sh/hook-weight';

for (const { annotations, wave } of [
  { annotations: {}, wave: 0 },
  { annotations: { [WAVE]: '3' }, wave: 3 },
  { annotations: { [WAVE]: '-3' }, wave: -3 },
  { annotations: { [WAVE]: '+3' }, wave: 3 },
  { annotations: { [WEIGHT]: '7' }, wave: 7 },
  { annotations: { [WAVE]: '3', [WEIGHT]: '7' }, wave: 3 },
  { annotations: { [WAVE]: 'early', [WEIGHT]: '7' }, wave: 7 },
  { annotations: { [WAVE]: '1.5' }, wave: 0 },
  { annotations: { [WAVE]: '' }, wave: 0 },
  { annotations: { [WEIGHT]: 'x' }, wave: 0 },
] as readonly { annotations: Record<string, string>; wave: number }[])
  test(`wave of ${JSON.stringify(annotations)} is ${wave}`, () => {
    assert.equal(waveOf(manifest('ConfigMap/a', { annotations })), wave);
  });

const task = (text: string): Ordered => {
  const [phase = 'Sync', wave = '0', kind = '', name = ''] = text.split(' ');
  return {
    phase: PHASES.find((known) => known === phase) ?? 'Sync',
    wave: Number(wave),
    group: '',
    kind,
    namespace: '',
    name,
  };
};
const textOf = ({ phase, wave, kind, name }: Ordered): string =>
  [phase, wave, kind, name].join(' ');

test('order: phase, then wave, then kind, then name', () => {
  const expected = [
    'PreSync 5 Job z',
    'Sync -1 Deployment a',
    'Sync 0 Namespace a',
    'Sync 0 NetworkPolicy a',
    'Sync 0 ServiceAccount a',
    'Sync 0 Secret a',
    'Sync 0 ConfigMap a',
    'Sync 0 ConfigMap b',
    'Sync 0 PersistentVolumeClaim a',
    'Sync 0 CustomResourceDefinition a',
    'Sync 0 ClusterRole a',
    'Sync 0 RoleBinding a',
    'Sync 0 Service a',
    'Sync 0 DaemonSet a',
    'Sync 0 Deployment a',
    'Sync 0 StatefulSet a',
    'Sync 0 Job a',
    'Sync 0 CronJob a',
    'Sync 0 IngressClass a',
    'Sync 0 Ingress a',
    'Sync 0 APIService a',
    'Sync 0 Zebra a',
    'Sync 0 Application b',
    'Sync 1 Namespace a',
    'PostSync 0 Job a',
    'SyncFail 0 Job a',
  ];
  assert.deepEqual([...expected].reverse().map(task).sort(compareTasks).map(textOf), expected);
});

test('order: kinds that are not in the table have one rank', () => {
  assert.equal(kindRank('Widget'), kindRank('Application'));
  assert.ok(kindRank('Widget') > kindRank('APIService'));
});

const anyTask: fc.Arbitrary<Ordered> = fc.record(
  {
    phase: fc.constantFrom(...PHASES),
    wave: fc.integer({ min: -2, max: 2 }),
    kind: fc.constantFrom('Namespace', 'ConfigMap', 'Deployment', 'Widget', 'Application'),
    name: fc.constantFrom('a', 'b'),
    namespace: fc.constantFrom('', 'x', 'y'),
    group: fc.constantFrom('', 'g'),
  },
  { noNullPrototype: true },
);

test('order: is total and does not depend on the order of input', () => {
  fc.assert(
    fc.property(
      fc
        .array(anyTask, { maxLength: 12 })
        .chain((tasks) =>
          fc.tuple(
            fc.constant(tasks),
            fc.shuffledSubarray(tasks, { minLength: tasks.length, maxLength: tasks.length }),
          ),
        ),
      ([tasks, shuffled]) => {
        assert.deepEqual(tasks.toSorted(compareTasks), shuffled.toSorted(compareTasks));
      },
    ),
  );
  fc.assert(
    fc.property(anyTask, anyTask, anyTask, (a, b, c) => {
      assert.equal(Math.sign(compareTasks(a, b)), -Math.sign(compareTasks(b, a)) + 0);
      if (compareTasks(a, b) === 0) assert.deepEqual(a, b);
      if (compareTasks(a, b) < 0 && compareTasks(b, c) < 0) assert.ok(compareTasks(a, c) < 0);
    }),
  );
});

for (const { waves, becomes } of [
  { waves: [0, 1, 5], becomes: [5, 1, 0] },
  { waves: [5, 0, 5, 1], becomes: [0, 5, 0, 1] },
  { waves: [3], becomes: [3] },
  { waves: [-1, 2], becomes: [2, -1] },
  { waves: [], becomes: [] },
])
  test(`prune waves ${waves.join(', ')} are swapped to ${becomes.join(', ')}`, () => {
    const swapped = reversePruneWaves(waves);
    assert.deepEqual(
      waves.map((wave) => swapped.get(wave)),
      becomes,
    );
  });
