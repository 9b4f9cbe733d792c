import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SyncOperation } from '../app/types.ts';
import { keyOf, type KubeObject } from '../objects/kube-object.ts';
import { DEFAULT_TRACKING, track, TRACKING_ANNOTATION } from '../tracking/tracking.ts';
import { hookRunOf } from './hooks.ts';
import { parseSyncOptions } from './options.ts';
import { planSync, taskKey, type PlanInput, type SyncPair, type SyncPlan } from './plan-sync.ts';
import { prepareTargets } from './prepare-targets.ts';
import { manifest } from './testing/objects.ts';
import { APP, createWorld, NAMESPACE, planFor, type Setup } from './testing/simulate.ts';

/** An object of ours that is already in the cluster. */
const owned = (object: KubeObject): KubeObject =>
  track(
    object.metadata.namespace === undefined && object.kind !== 'Namespace'
      ? { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } }
      : object,
    APP,
    NAMESPACE,
    DEFAULT_TRACKING,
  );

/** `type phase wave Kind/name` of each task. */
function shown(plan: SyncPlan): string[] {
  return plan.tasks.map((t) => `${t.type} ${t.phase} ${t.wave} ${t.kind}/${t.name}`);
}

interface Case {
  readonly name: string;
  readonly manifests?: readonly KubeObject[];
  readonly live?: readonly KubeObject[];
  readonly operation?: SyncOperation;
  readonly tasks: readonly string[];
}

const crd = manifest('CustomResourceDefinition/widgets.example.com');

const cases: readonly Case[] = [
  { name: 'nothing for nothing', tasks: [] },
  {
    name: 'one apply for each resource, one task for each phase of a hook',
    manifests: [
      manifest('Deployment/api'),
      manifest('ConfigMap/settings'),
      manifest('Job/migrate', { hook: 'PreSync,PostSync' }),
      manifest('Job/alarm', { hook: 'SyncFail' }),
    ],
    tasks: [
      'hook PreSync 0 Job/migrate',
      'apply Sync 0 ConfigMap/settings',
      'apply Sync 0 Deployment/api',
      'hook PostSync 0 Job/migrate',
      'hook SyncFail 0 Job/alarm',
    ],
  },
  {
    name: 'nothing for Skip, for tests and for hooks of deletion',
    manifests: [
      manifest('Job/skipped', { hook: 'Skip' }),
      manifest('Pod/test', { annotations: { 'helm.sh/hook': 'test' } }),
      manifest('Job/goodbye', { hook: 'PostDelete' }),
    ],
    tasks: [],
  },
  {
    name: 'prunes what is ours and no longer wanted',
    manifests: [manifest('ConfigMap/kept')],
    live: [owned(manifest('ConfigMap/old')), manifest('ConfigMap/foreign', { namespace: 'web' })],
    tasks: ['apply Sync 0 ConfigMap/kept', 'prune Sync 0 ConfigMap/old'],
  },
  {
    name: 'prunes in reverse waves; applies keep theirs (5.14)',
    manifests: [manifest('ConfigMap/new')],
    live: [
      owned(manifest('ConfigMap/A', { wave: 0 })),
      owned(manifest('ConfigMap/B', { wave: 1 })),
      owned(manifest('ConfigMap/C', { wave: 5 })),
    ],
    tasks: [
      'prune Sync 0 ConfigMap/C',
      'apply Sync 0 ConfigMap/new',
      'prune Sync 1 ConfigMap/B',
      'prune Sync 5 ConfigMap/A',
    ],
  },
  {
    name: 'PruneLast of one object comes after every Sync wave',
    manifests: [manifest('ConfigMap/new', { wave: 3 })],
    live: [owned(manifest('ConfigMap/old', { options: 'PruneLast=true' }))],
    tasks: ['apply Sync 3 ConfigMap/new', 'prune Sync 4 ConfigMap/old'],
  },
  {
    name: 'PruneLast comes after Sync hooks too, whatever the waves of other phases',
    manifests: [
      manifest('Job/late', { hook: 'Sync', wave: 7 }),
      manifest('Job/after', { hook: 'PostSync', wave: 20 }),
    ],
    live: [owned(manifest('ConfigMap/old'))],
    operation: { syncOptions: ['PruneLast=true'] },
    tasks: ['hook Sync 7 Job/late', 'prune Sync 8 ConfigMap/old', 'hook PostSync 20 Job/after'],
  },
  {
    name: 'PruneLast among negative waves is wave 1',
    manifests: [manifest('ConfigMap/new', { wave: -5 })],
    live: [owned(manifest('ConfigMap/old', { wave: -3 }))],
    operation: { syncOptions: ['PruneLast=true'] },
    tasks: ['apply Sync -5 ConfigMap/new', 'prune Sync 1 ConfigMap/old'],
  },
  {
    name: 'never prunes a leftover hook, of whatever type',
    live: [
      owned(manifest('Job/migrate', { hook: 'PreSync' })),
      owned(manifest('Pod/test', { annotations: { 'helm.sh/hook': 'test' } })),
    ],
    tasks: [],
  },
  {
    name: 'never prunes what became a hook or Skip in Git',
    manifests: [manifest('Job/a', { hook: 'Sync' }), manifest('Job/b', { hook: 'Skip' })],
    live: [owned(manifest('Job/a')), owned(manifest('Job/b'))],
    tasks: ['hook Sync 0 Job/a'],
  },
  {
    name: 'leaves alone what carries the mark of another object',
    live: [
      manifest('ConfigMap/copy', {
        namespace: 'web',
        annotations: { [TRACKING_ANNOTATION]: `${APP}:/ConfigMap:web/original` },
      }),
    ],
    tasks: [],
  },
  {
    name: 'a selective sync takes what is named, and no hooks',
    manifests: [
      manifest('ConfigMap/a'),
      manifest('ConfigMap/b'),
      manifest('ConfigMap/a', { namespace: 'other' }),
      manifest('Deployment/a'),
      manifest('Job/migrate', { hook: 'PreSync' }),
    ],
    live: [owned(manifest('ConfigMap/old'))],
    operation: {
      resources: [
        { kind: 'ConfigMap', name: 'a' },
        { group: 'apps', kind: 'Deployment', name: 'a', namespace: 'elsewhere' },
      ],
    },
    tasks: ['apply Sync 0 ConfigMap/a', 'apply Sync 0 ConfigMap/a'],
  },
  {
    name: 'a selective sync matches the namespace when it is given',
    manifests: [manifest('ConfigMap/a'), manifest('ConfigMap/a', { namespace: 'other' })],
    operation: { resources: [{ kind: 'ConfigMap', name: 'a', namespace: 'other' }] },
    tasks: ['apply Sync 0 ConfigMap/a'],
  },
  {
    name: 'a selective sync prunes only what is named',
    live: [owned(manifest('ConfigMap/a')), owned(manifest('ConfigMap/b'))],
    operation: { resources: [{ kind: 'ConfigMap', name: 'b' }] },
    tasks: ['prune Sync 0 ConfigMap/b'],
  },
  {
    name: 'the apply strategy runs no hooks',
    manifests: [manifest('ConfigMap/a'), manifest('Job/migrate', { hook: 'PreSync' })],
    operation: { syncStrategy: { apply: {} } },
    tasks: ['apply Sync 0 ConfigMap/a'],
  },
  {
    name: 'CreateNamespace makes the destination namespace first',
    manifests: [manifest('ConfigMap/a')],
    operation: { syncOptions: ['CreateNamespace=true'] },
    tasks: ['apply PreSync 0 Namespace/web', 'apply Sync 0 ConfigMap/a'],
  },
  {
    name: 'CreateNamespace does nothing when the namespace exists',
    manifests: [manifest('ConfigMap/a')],
    live: [manifest('Namespace/web')],
    operation: { syncOptions: ['CreateNamespace=true'] },
    tasks: ['apply Sync 0 ConfigMap/a'],
  },
  {
    name: 'CreateNamespace leaves a Namespace of Git to Git',
    manifests: [manifest('ConfigMap/a'), manifest('Namespace/web')],
    operation: { syncOptions: ['CreateNamespace=true'] },
    tasks: ['apply Sync 0 Namespace/web', 'apply Sync 0 ConfigMap/a'],
  },
  {
    name: 'a Namespace takes over wave and phase of the first object in it',
    manifests: [
      manifest('Namespace/web', { wave: 2 }),
      manifest('ClusterRole/early', { wave: -9 }),
      manifest('Job/migrate', { hook: 'PreSync', wave: -1 }),
      manifest('ConfigMap/a'),
    ],
    tasks: [
      'apply PreSync -1 Namespace/web',
      'hook PreSync -1 Job/migrate',
      'apply Sync -9 ClusterRole/early',
      'apply Sync 0 ConfigMap/a',
    ],
  },
  {
    name: 'a Namespace is never moved later',
    manifests: [manifest('Namespace/web', { wave: -2 }), manifest('ConfigMap/a', { wave: 3 })],
    tasks: ['apply Sync -2 Namespace/web', 'apply Sync 3 ConfigMap/a'],
  },
  {
    name: 'a CRD takes over wave and phase of the first object of its kind',
    manifests: [crd, manifest('Widget/one', { wave: -3 }), manifest('Widget/two', { wave: -4 })],
    tasks: [
      'apply Sync -4 CustomResourceDefinition/widgets.example.com',
      'apply Sync -4 Widget/two',
      'apply Sync -3 Widget/one',
    ],
  },
  {
    name: 'Namespace and CRD both come before an early object of the kind in it',
    manifests: [crd, manifest('Namespace/web'), manifest('Widget/one', { hook: 'PreSync' })],
    tasks: [
      'apply PreSync 0 Namespace/web',
      'apply PreSync 0 CustomResourceDefinition/widgets.example.com',
      'hook PreSync 0 Widget/one',
    ],
  },
  {
    name: 'pruning of an object in a Namespace moves no Namespace',
    manifests: [manifest('Namespace/web', { wave: 4 })],
    live: [owned(manifest('ConfigMap/old'))],
    tasks: ['prune Sync 0 ConfigMap/old', 'apply Sync 4 Namespace/web'],
  },
  {
    name: 'ApplyOutOfSyncOnly leaves out what is equal',
    manifests: [manifest('ConfigMap/a', { namespace: 'web' }), manifest('ConfigMap/b')],
    live: [owned(manifest('ConfigMap/a', { namespace: 'web' }))],
    operation: { syncOptions: ['ApplyOutOfSyncOnly=true'] },
    tasks: ['apply Sync 0 ConfigMap/b'],
  },
];

for (const c of cases)
  test(`plan: ${c.name}`, () => {
    const setup: Setup = {
      manifests: c.manifests ?? [],
      operation: c.operation ?? {},
    };
    assert.deepEqual(shown(planFor(setup, createWorld(c.live))), c.tasks);
    const reversed: Setup = { ...setup, manifests: [...setup.manifests].reverse() };
    assert.deepEqual(shown(planFor(reversed, createWorld(c.live))), c.tasks);
  });

function input(parts: Partial<PlanInput>): PlanInput {
  return {
    pairs: [],
    hooks: [],
    operation: {},
    options: parseSyncOptions([]),
    namespace: NAMESPACE,
    liveNamespace: undefined,
    managedNamespaceMetadata: undefined,
    revision: 'abcdef0123456789',
    startedAtSeconds: 1000,
    attempt: 0,
    results: new Map(),
    live: () => undefined,
    refuse: () => undefined,
    ...parts,
  };
}

test('plan: a task that moved with its dependant is found by the phase it runs in', () => {
  const plan = planFor(
    { manifests: [crd, manifest('Widget/one', { hook: 'PreSync' })] },
    createWorld(),
  );
  for (const task of plan.tasks) assert.equal(task.key, taskKey(task.resource, task.phase));
});

test('plan: ApplyOutOfSyncOnly keeps what this operation applied, so that its health is awaited', () => {
  const target = owned(manifest('ConfigMap/a'));
  const pair: SyncPair = {
    id: { group: '', kind: 'ConfigMap', namespace: NAMESPACE, name: 'a' },
    target,
    live: target,
    comparison: { type: 'equal' },
    owned: true,
    selfReferenced: true,
  };
  const options = parseSyncOptions(['ApplyOutOfSyncOnly=true']);
  const key = taskKey(keyOf(target), 'Sync');
  const result = { group: '', version: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: 'a' };
  const plan = planSync(input({ pairs: [pair], options, results: new Map([[key, result]]) }));
  assert.deepEqual(shown(plan), ['apply Sync 0 ConfigMap/a']);
  assert.deepEqual(shown(planSync(input({ pairs: [pair], options }))), []);
});

test('plan: managed namespace metadata is applied beside that of others, also to a namespace that exists', () => {
  const plan = planSync(
    input({
      options: parseSyncOptions(['CreateNamespace=true']),
      liveNamespace: manifest('Namespace/web'),
      managedNamespaceMetadata: { labels: { team: 'a' }, annotations: { note: 'b' } },
    }),
  );
  assert.deepEqual(plan.tasks[0]?.target, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'web',
      labels: { team: 'a' },
      annotations: { note: 'b', 'argocd.argoproj.io/sync-options': 'ServerSideApply=true' },
    },
  });
});

test('plan: no namespace is made when the application names none', () => {
  const options = parseSyncOptions(['CreateNamespace=true']);
  assert.deepEqual(shown(planSync(input({ options, namespace: '' }))), []);
});

const generated = manifest('Job/', {
  hook: 'PreSync,Sync',
  metadata: { generateName: 'migrate-' },
});

for (const { revision, names } of [
  {
    revision: 'abcdef0123456789',
    names: ['migrate-abcdef0-presync-1000', 'migrate-abcdef0-sync-1000'],
  },
  { revision: '1.2.3', names: ['migrate-1.2.3-presync-1000', 'migrate-1.2.3-sync-1000'] },
])
  test(`plan: a hook without a name gets one that lasts for the operation (${revision})`, () => {
    const hooks = [generated];
    const plan = planSync(input({ hooks, revision }));
    assert.deepEqual(
      plan.tasks.map((task) => task.target?.metadata.name),
      names,
    );
    assert.deepEqual(planSync(input({ hooks, revision })), plan);
  });

test('plan: hooks of each phase, operation and attempt carry a mark of their own', () => {
  const hooks = [manifest('Job/migrate', { hook: 'PreSync,PostSync' })];
  const marks = [{}, { attempt: 1 }, { startedAtSeconds: 1001 }].flatMap((parts) =>
    planSync(input({ hooks, ...parts })).tasks.map((task) => hookRunOf(task.target)),
  );
  assert.equal(new Set(marks).size, 6);
});

test('plan: what may not be synced is a problem, hooks and prunes included', () => {
  const plan = planFor(
    {
      manifests: [manifest('ConfigMap/a'), manifest('Job/migrate', { hook: 'PreSync' })],
      refuse: ({ kind }) => (kind === 'ConfigMap' ? undefined : `${kind} is not permitted`),
    },
    createWorld([owned(manifest('Secret/old'))]),
  );
  assert.deepEqual(
    plan.problems.map(({ task, message }) => `${task.type} ${task.name}: ${message}`),
    ['hook migrate: Job is not permitted', 'prune old: Secret is not permitted'],
  );
});

test('plan: an object is unchanged only when it is equal and ours', () => {
  const target = manifest('ConfigMap/a');
  const pair = (parts: Partial<SyncPair>): SyncPair => ({
    id: { group: '', kind: 'ConfigMap', namespace: '', name: 'a' },
    target,
    live: target,
    comparison: { type: 'equal' },
    owned: true,
    selfReferenced: true,
    ...parts,
  });
  const unchanged = (parts: Partial<SyncPair>) =>
    planSync(input({ pairs: [pair(parts)] })).tasks.map((task) => task.unchanged);
  assert.deepEqual(unchanged({}), [true]);
  assert.deepEqual(unchanged({ owned: false }), [false]);
  assert.deepEqual(unchanged({ comparison: { type: 'missing' } }), [false]);
  assert.deepEqual(unchanged({ selfReferenced: false }), []);
});

test('targets: hooks, Skip and tests are kept by key; of one key the last manifest wins', () => {
  const targets = prepareTargets(
    [
      manifest('ConfigMap/a', { data: { n: '1' } }),
      manifest('Job/b', { hook: 'Skip' }),
      manifest('Job/c', { hook: 'Sync' }),
      manifest('Pod/d', { annotations: { 'helm.sh/hook': 'test' } }),
      manifest('ConfigMap/a', { data: { n: '2' } }),
    ],
    {
      namespace: NAMESPACE,
      instance: APP,
      tracking: DEFAULT_TRACKING,
      isNamespaced: () => true,
    },
  );
  assert.deepEqual([...targets.kept], ['batch/Job/web/b', 'batch/Job/web/c', '/Pod/web/d']);
  assert.deepEqual([...targets.resources.keys()], ['/ConfigMap/web/a']);
  assert.deepEqual([...targets.resources.values()][0]?.['data'], { n: '2' });
  assert.deepEqual(
    targets.warnings.map(({ message }) => message),
    ['Resource /ConfigMap/web/a appeared 2 times among application resources.'],
  );
});
