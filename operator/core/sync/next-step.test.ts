import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { DEFAULT_TRACKING, track } from '../tracking/tracking.ts';
import { withHookRun } from './hooks.ts';
import { job, manifest } from './testing/objects.ts';
import {
  APP,
  createWorld,
  degradedAfter,
  healthyAfter,
  inNamespace,
  NAMESPACE,
  simulate,
  type Setup,
  type Simulated,
} from './testing/simulate.ts';

const owned = (object: KubeObject): KubeObject =>
  track(inNamespace(object), APP, NAMESPACE, DEFAULT_TRACKING);

/** `Kind/name phase hookPhase` of each result. */
const phases = (done: Simulated): string[] =>
  [...done.results.values()].map(
    ({ kind, name, syncPhase, hookPhase }) => `${kind}/${name} ${syncPhase} ${hookPhase}`,
  );

interface Case extends Setup {
  readonly name: string;
  readonly live?: readonly KubeObject[];
  readonly ends: string;
  /** Messages of the passes before the last. */
  readonly messages?: readonly string[];
  readonly log: readonly string[];
  readonly results?: readonly string[];
}

const timed = (name: string, hook: string, deadline: string): KubeObject =>
  manifest(`Job/${name}`, { hook, annotations: { 'tiphys.io/hook-deadline': deadline } });

const cases: readonly Case[] = [
  {
    name: 'a hook that does not end in its time fails the sync, and SyncFail hooks run',
    manifests: [
      timed('migrate', 'PreSync', '3s'),
      job('alarm', 'SyncFail'),
      manifest('ConfigMap/a'),
    ],
    behaviour: { 'Job/migrate': healthyAfter(1000) },
    messages: ['waiting for completion of hook batch/Job/migrate'],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully, reason: hook batch/Job/migrate did not end within its deadline of 3s',
    log: ['create Job/migrate', 'create Job/alarm'],
    results: ['Job/migrate PreSync Error', 'Job/alarm SyncFail Succeeded'],
  },
  {
    name: 'a hook over its time whose kind cannot be stopped: the message says what takes it away',
    manifests: [
      manifest('Widget/slow', { hook: 'Sync', annotations: { 'tiphys.io/hook-deadline': '3s' } }),
    ],
    behaviour: { 'Widget/slow': healthyAfter(1000) },
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully, reason: hook example.com/Widget/slow did not end within its deadline of 3s, and may go on: there is no common way to stop a Widget, but the delete policy HookFailed takes it away',
    log: ['create Widget/slow'],
  },
  {
    name: 'a hook that ends in its time, and one with the deadline 0, are waited for',
    manifests: [timed('quick', 'PreSync', '5s'), timed('slow', 'PreSync', '0')],
    behaviour: { 'Job/quick': healthyAfter(4), 'Job/slow': healthyAfter(9) },
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: ['create Job/quick', 'create Job/slow'],
  },
  {
    name: 'a deadline that nobody can read stops the sync before anything is applied',
    manifests: [timed('migrate', 'PreSync', 'soon'), manifest('ConfigMap/a')],
    ends: 'Failed: hook Job/migrate: annotation tiphys.io/hook-deadline: "soon" is no duration such as 90s or 10m',
    log: [],
  },
  {
    name: '5.14 one Deployment and ConfigMap: one pass, health is not awaited',
    manifests: [manifest('Deployment/ui'), manifest('ConfigMap/settings')],
    behaviour: { 'Deployment/ui': healthyAfter(5) },
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['create ConfigMap/settings', 'create Deployment/ui'],
    results: ['ConfigMap/settings Sync Succeeded', 'Deployment/ui Sync Running'],
  },
  {
    name: '5.14 waves 0 and 1: the first is awaited, the last is not',
    manifests: [manifest('Deployment/a'), manifest('Deployment/b', { wave: 1 })],
    behaviour: { 'Deployment/a': healthyAfter(3), 'Deployment/b': healthyAfter(9) },
    messages: ['waiting for healthy state of apps/Deployment/a'],
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['create Deployment/a', 'create Deployment/b'],
    results: ['Deployment/a Sync Succeeded', 'Deployment/b Sync Running'],
  },
  {
    name: 'an object that is Degraded from before fails nothing in the pass that applies it',
    manifests: [manifest('Deployment/a')],
    behaviour: { 'Deployment/a': degradedAfter(0) },
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['create Deployment/a'],
  },
  {
    name: '5.14 waves 0 and 1: a Degraded first wave fails the operation, without a reason',
    manifests: [manifest('Deployment/a'), manifest('Deployment/b', { wave: 1 })],
    behaviour: { 'Deployment/a': degradedAfter(2, 'no quota') },
    messages: ['waiting for healthy state of apps/Deployment/a'],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully',
    log: ['create Deployment/a'],
    results: ['Deployment/a Sync Failed'],
  },
  {
    name: '5.14 PreSync Job and Deployment: the Job first, deleted at the end',
    manifests: [job('migrate', 'PreSync', 'HookSucceeded'), manifest('Deployment/ui')],
    behaviour: { 'Job/migrate': healthyAfter(2) },
    messages: ['waiting for completion of hook batch/Job/migrate'],
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['create Job/migrate', 'create Deployment/ui', 'delete Job/migrate'],
    results: ['Job/migrate PreSync Succeeded', 'Deployment/ui Sync Succeeded'],
  },
  {
    name: '5.14 PostSync hook: the Sync group is awaited, then the hook',
    manifests: [job('notify', 'PostSync'), manifest('Deployment/ui')],
    behaviour: { 'Deployment/ui': healthyAfter(2), 'Job/notify': healthyAfter(2) },
    messages: [
      'waiting for healthy state of apps/Deployment/ui',
      'waiting for completion of hook batch/Job/notify',
    ],
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: ['create Deployment/ui', 'create Job/notify'],
  },
  {
    name: '5.14 one of two Deployments is rejected',
    manifests: [manifest('Deployment/a'), manifest('Deployment/b')],
    behaviour: {
      'Deployment/a': healthyAfter(2),
      'Deployment/b': { rejected: 'denied by policy' },
    },
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully, reason: denied by policy',
    log: ['create Deployment/a', 'reject Deployment/b'],
  },
  {
    name: 'all of a group are rejected: reported as such, also with waves to come',
    manifests: [
      manifest('Deployment/a'),
      manifest('Deployment/b'),
      manifest('Deployment/c', { wave: 1 }),
    ],
    behaviour: { 'Deployment/a': { rejected: 'no' }, 'Deployment/b': { rejected: 'never' } },
    ends: 'Failed: one or more objects failed to apply, reason: no,never',
    log: ['reject Deployment/a', 'reject Deployment/b'],
  },
  {
    name: 'a later wave that is rejected as a whole is reported as such',
    manifests: [manifest('ConfigMap/a'), manifest('ConfigMap/b', { wave: 1 })],
    behaviour: { 'ConfigMap/b': { rejected: 'no' } },
    messages: ['waiting for the next wave'],
    ends: 'Failed: one or more objects failed to apply, reason: no',
    log: ['create ConfigMap/a', 'reject ConfigMap/b'],
  },
  {
    name: 'in several waves a rejection waits for the running siblings',
    manifests: [
      manifest('Deployment/a'),
      manifest('Deployment/b'),
      manifest('Deployment/c', { wave: 1 }),
    ],
    behaviour: { 'Deployment/a': healthyAfter(3), 'Deployment/b': { rejected: 'no' } },
    messages: ['waiting for healthy state of apps/Deployment/a'],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully, reason: no',
    log: ['create Deployment/a', 'reject Deployment/b'],
  },
  {
    name: '5.14 prune waves: C goes with wave 0, before its applies',
    manifests: [manifest('ConfigMap/new'), manifest('ConfigMap/one', { wave: 1 })],
    live: [
      owned(manifest('ConfigMap/A', { wave: 0 })),
      owned(manifest('ConfigMap/B', { wave: 1 })),
      owned(manifest('ConfigMap/C', { wave: 5 })),
    ],
    messages: ['' /* the waves are stored first */, 'waiting for the next wave'],
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: [
      'delete ConfigMap/C',
      'create ConfigMap/new',
      'delete ConfigMap/B',
      'create ConfigMap/one',
      'delete ConfigMap/A', // in wave 5 still, though C is gone
    ],
  },
  {
    name: '5.14 prune off: skipped, and the operation succeeds',
    manifests: [],
    live: [owned(manifest('ConfigMap/old'))],
    operation: {},
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: [],
    results: ['ConfigMap/old Sync Succeeded'],
  },
  {
    name: 'nothing to do at all',
    manifests: [],
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: [],
  },
  {
    name: 'a wave waits until what it pruned is gone',
    manifests: [manifest('ConfigMap/a', { wave: 1 })],
    live: [owned(manifest('Deployment/old'))],
    behaviour: { 'Deployment/old': { lingersTicks: 3 } },
    messages: ['waiting for deletion of apps/Deployment/old'],
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['delete Deployment/old', 'create ConfigMap/a'],
  },
  {
    name: 'the old object of a hook goes first, by default also when nothing changed',
    manifests: [job('migrate', 'PreSync')],
    live: [owned(withHookRun(job('migrate', 'PreSync'), '900-0-PreSync'))],
    behaviour: { 'Job/migrate': { ...healthyAfter(2), lingersTicks: 2 } },
    messages: [
      'waiting for deletion of hook batch/Job/migrate',
      'waiting for completion of hook batch/Job/migrate',
    ],
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: ['delete Job/migrate', 'create Job/migrate'],
  },
  {
    name: 'an object from an earlier operation is no proof that a hook ran, however young it is',
    manifests: [job('migrate', 'PreSync')],
    live: [
      inNamespace(
        manifest('Job/migrate', {
          hook: 'PreSync',
          metadata: { creationTimestamp: '2030-01-01T00:00:00Z' },
        }),
      ),
    ],
    messages: ['waiting for the next wave'],
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: ['delete Job/migrate', 'create Job/migrate'],
  },
  {
    name: 'a retry runs the hooks of the failed attempt again',
    manifests: [job('migrate', 'PreSync')],
    live: [owned(withHookRun(job('migrate', 'PreSync'), '1000-0-PreSync'))],
    attempt: 1,
    behaviour: { 'Job/migrate': healthyAfter(2) },
    messages: ['waiting for the next wave', 'waiting for completion of hook batch/Job/migrate'],
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: ['delete Job/migrate', 'create Job/migrate'],
  },
  {
    name: 'a hook of two phases runs in both',
    manifests: [job('check', 'PreSync,PostSync'), manifest('ConfigMap/a')],
    behaviour: { 'Job/check': healthyAfter(2) },
    messages: [
      'waiting for completion of hook batch/Job/check',
      'waiting for the next wave',
      'waiting for completion of hook batch/Job/check',
    ],
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: ['create Job/check', 'create ConfigMap/a', 'delete Job/check', 'create Job/check'],
    results: [
      'Job/check PreSync Succeeded',
      'ConfigMap/a Sync Succeeded',
      'Job/check PostSync Succeeded',
    ],
  },
  {
    name: 'a group with an old hook object to delete runs whole afterwards',
    manifests: [
      job('seed', 'Sync'),
      manifest('Deployment/api'),
      manifest('ConfigMap/late', { wave: 1 }),
    ],
    live: [owned(job('seed', 'Sync'))],
    behaviour: { 'Job/seed': healthyAfter(1), 'Deployment/api': healthyAfter(6) },
    messages: [
      'waiting for the next wave',
      'waiting for completion of hook batch/Job/seed and 1 more resources',
      'waiting for healthy state of apps/Deployment/api',
    ],
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['delete Job/seed', 'create Deployment/api', 'create Job/seed', 'create ConfigMap/late'],
  },
  {
    name: 'hooks beside resources are awaited together, hooks named first',
    manifests: [job('b', 'Sync'), job('a', 'Sync'), manifest('Deployment/api')],
    behaviour: {
      'Job/a': healthyAfter(2),
      'Job/b': healthyAfter(3),
      'Deployment/api': healthyAfter(2),
    },
    messages: [
      'waiting for completion of hook batch/Job/a and 2 more resources',
      'waiting for completion of hook batch/Job/b',
    ],
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: ['create Deployment/api', 'create Job/a', 'create Job/b'],
  },
  {
    name: 'only hooks are counted as hooks',
    manifests: [job('b', 'PreSync'), job('a', 'PreSync'), job('c', 'PreSync')],
    behaviour: { 'Job/a': healthyAfter(2), 'Job/b': healthyAfter(2), 'Job/c': healthyAfter(2) },
    messages: ['waiting for completion of hook batch/Job/a and 2 more hooks'],
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: ['create Job/a', 'create Job/b', 'create Job/c'],
  },
  {
    name: 'a failed hook fails the sync; HookFailed hooks go, HookSucceeded ones stay',
    manifests: [
      job('good', 'PreSync', 'HookSucceeded'),
      job('gone', 'PreSync', 'HookFailed'),
      job('bad', 'PreSync'),
      manifest('ConfigMap/never'),
    ],
    behaviour: { 'Job/bad': degradedAfter(1, 'Job has reached the specified backoff limit') },
    messages: ['waiting for completion of hook batch/Job/bad'],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully',
    log: ['create Job/bad', 'create Job/gone', 'create Job/good', 'delete Job/gone'],
  },
  {
    name: 'a hook of unknown health has failed',
    manifests: [job('odd', 'PreSync')],
    behaviour: { 'Job/odd': { health: { afterTicks: 0, then: 'Unknown' } } },
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully',
    log: ['create Job/odd'],
  },
  {
    name: 'SyncFail hooks do not run when all is well',
    manifests: [job('alarm', 'SyncFail'), manifest('ConfigMap/a')],
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['create ConfigMap/a'],
  },
  {
    name: 'SyncFail hooks start at once after a rejection, before the siblings are healthy',
    manifests: [job('alarm', 'SyncFail'), manifest('Deployment/a'), manifest('Deployment/b')],
    behaviour: {
      'Deployment/a': healthyAfter(4),
      'Deployment/b': { rejected: 'no' },
      'Job/alarm': healthyAfter(1),
    },
    messages: [
      'waiting for the next wave',
      'waiting for completion of hook batch/Job/alarm and 1 more resources',
      'waiting for healthy state of apps/Deployment/a',
    ],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully, reason: no',
    log: ['create Deployment/a', 'reject Deployment/b', 'create Job/alarm'],
  },
  {
    name: 'SyncFail hooks run after a failed hook, and their old objects go first',
    manifests: [job('migrate', 'PreSync'), job('alarm', 'SyncFail')],
    live: [owned(job('alarm', 'SyncFail'))],
    behaviour: { 'Job/migrate': degradedAfter(1) },
    messages: ['waiting for completion of hook batch/Job/migrate', 'waiting for the next wave'],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully',
    log: ['create Job/migrate', 'delete Job/alarm', 'create Job/alarm'],
  },
  {
    name: 'failed SyncFail hooks are told as well',
    manifests: [job('alarm', 'SyncFail'), job('bell', 'SyncFail'), manifest('ConfigMap/a')],
    behaviour: { 'ConfigMap/a': { rejected: 'no' }, 'Job/alarm': { rejected: 'not even this' } },
    messages: ['waiting for the next wave'],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully, reason: no\none or more SyncFail hooks failed, reason: not even this',
    log: ['reject ConfigMap/a', 'reject Job/alarm', 'create Job/bell'],
  },
  {
    name: 'an unapproved Prune=confirm holds up its whole group, applies included',
    manifests: [manifest('ConfigMap/a')],
    live: [
      owned(manifest('Secret/x', { options: 'Prune=confirm' })),
      owned(manifest('Secret/y', { options: 'Prune=confirm' })),
    ],
    operation: {},
    ends: 'Running: waiting for pruning confirmation of Secret/x and 1 more resources',
    log: [],
  },
  {
    name: 'an approved Prune=confirm is pruned',
    manifests: [manifest('ConfigMap/a')],
    live: [owned(manifest('Secret/x', { options: 'Prune=confirm' }))],
    pruneApproved: true,
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['delete Secret/x', 'create ConfigMap/a'],
  },
  {
    name: 'what is being deleted anyway needs no confirmation, and is not deleted again',
    manifests: [manifest('ConfigMap/a')],
    live: [
      owned(
        manifest('Secret/x', {
          options: 'Prune=confirm',
          metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
        }),
      ),
    ],
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['delete Secret/x', 'create ConfigMap/a'],
  },
  {
    name: 'Prune=false is skipped and succeeds',
    manifests: [],
    live: [owned(manifest('Secret/x', { options: 'Prune=false' }))],
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: [],
  },
  {
    name: 'ApplyOutOfSyncOnly still waits for what it applied',
    manifests: [manifest('Deployment/a'), manifest('Deployment/b', { wave: 1 })],
    operation: { syncOptions: ['ApplyOutOfSyncOnly=true'] },
    behaviour: { 'Deployment/a': healthyAfter(3) },
    messages: ['waiting for healthy state of apps/Deployment/a'],
    ends: 'Succeeded: successfully synced (all tasks run)',
    log: ['create Deployment/a', 'create Deployment/b'],
  },
  {
    name: 'a CRD moved into a hook phase runs once',
    manifests: [
      manifest('CustomResourceDefinition/widgets.example.com', { hook: 'Sync' }),
      manifest('Widget/one', { hook: 'PreSync' }),
    ],
    behaviour: {
      'CustomResourceDefinition/widgets.example.com': healthyAfter(1),
      'Widget/one': healthyAfter(2),
    },
    messages: [
      'waiting for completion of hook apiextensions.k8s.io/CustomResourceDefinition/widgets.example.com and 1 more hooks',
      'waiting for completion of hook example.com/Widget/one',
    ],
    ends: 'Succeeded: successfully synced (no more tasks)',
    log: ['create CustomResourceDefinition/widgets.example.com', 'create Widget/one'],
  },
];

for (const c of cases)
  test(`sync: ${c.name}`, () => {
    const world = createWorld(c.live);
    const done = simulate(c, world, { maxPasses: 20 });
    assert.equal(`${done.phase}: ${done.message}`, c.ends);
    assert.deepEqual(world.log, c.log);
    const before = done.phase === 'Running' ? done.messages : done.messages.slice(0, -1);
    if (c.messages !== undefined) assert.deepEqual(before, c.messages);
    if (c.results !== undefined) assert.deepEqual(phases(done), c.results);
  });
