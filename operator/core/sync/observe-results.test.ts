import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, type KubeObject } from '../objects/kube-object.ts';
import { withHookRun } from './hooks.ts';
import { nextStep } from './next-step.ts';
import { hooksToRelease, observeResults, resultOf, type Observed } from './observe-results.ts';
import { taskKey } from './plan-sync.ts';
import { job, manifest } from './testing/objects.ts';
import {
  createWorld,
  degradedAfter,
  healthyAfter,
  inNamespace,
  NAMESPACE,
  planFor,
  simulate,
  type Setup,
  type World,
} from './testing/simulate.ts';

function observing(world: World, parts: Partial<Observed> = {}): Observed {
  return {
    results: new Map(),
    live: (key) => world.objects.get(key)?.object,
    health: () => undefined,
    pruneApproved: false,
    nowMs: 0,
    parseTime: Number,
    ...parts,
  };
}

test('sync: an object that vanished while it was awaited is an error, not an endless wait', () => {
  const setup: Setup = {
    manifests: [manifest('Deployment/a'), manifest('ConfigMap/b', { wave: 1 })],
    behaviour: { 'Deployment/a': healthyAfter(50) },
  };
  const world = createWorld();
  const waiting = simulate(setup, world, { maxPasses: 3 });
  assert.equal(waiting.phase, 'Running');
  world.objects.clear();
  const done = simulate(setup, world, { from: waiting });
  assert.equal(done.phase, 'Failed');
  assert.equal(
    done.message,
    'one or more synchronization tasks completed unsuccessfully, reason: Resource apps/Deployment/a is missing, it might have been deleted',
  );
  assert.deepEqual(
    [...done.results.values()].map(({ status, hookPhase }) => `${status} ${hookPhase}`),
    ['SyncFailed Error'],
  );
});

test('sync: what health says about the end of a hook is its message; resources keep that of the apply', () => {
  const done = simulate(
    {
      manifests: [
        manifest('Job/bad', { hook: 'Sync' }),
        manifest('ConfigMap/plain', { hook: 'Sync' }),
        manifest('Secret/x'),
        manifest('Deployment/slow'),
      ],
      behaviour: {
        'Job/bad': degradedAfter(1, 'backoff limit'),
        'Deployment/slow': degradedAfter(1, 'no progress'),
      },
    },
    createWorld(),
  );
  assert.deepEqual(
    [...done.results.values()].map(({ name, message }) => `${name}: ${message}`).sort(),
    ['bad: backoff limit', 'plain: plain created', 'slow: no progress', 'x: Secret/x created'],
  );
});

test('sync: a hook found running after a restart is awaited, or taken as ended when it has', () => {
  const setup: Setup = { manifests: [job('migrate', 'PreSync')] };
  const world = createWorld();
  const plan = planFor(setup, world);
  const [task] = plan.tasks;
  assert.ok(task?.target);
  world.objects.set(task.resource, { object: task.target, appliedAt: 0 });
  for (const [health, hookPhase] of [
    ['Progressing', 'Running'],
    ['Suspended', 'Running'],
    ['Healthy', 'Succeeded'],
    ['Degraded', 'Failed'],
  ] as const) {
    const changed = observeResults(plan, observing(world, { health: () => ({ status: health }) }));
    assert.equal(changed.get(task.key)?.hookPhase, hookPhase);
  }
});

test('sync: observing twice changes nothing more', () => {
  const world = createWorld();
  const setup: Setup = { manifests: [job('migrate', 'PreSync'), manifest('ConfigMap/a')] };
  const plan = planFor(setup, world);
  const [task] = plan.tasks;
  assert.ok(task?.target);
  world.objects.set(task.resource, { object: task.target, appliedAt: 0 });
  const results = new Map([[task.key, resultOf(task, 'Running', '')]]);
  const first = observeResults(plan, observing(world, { results }));
  const again = new Map([...results, ...first]);
  assert.equal(first.size, 1);
  assert.equal(observeResults(plan, observing(world, { results: again })).size, 0);
});

test('sync: nothing is asked of an object that no task names', () => {
  const world = createWorld([inNamespace(manifest('ConfigMap/foreign'))]);
  const step = nextStep(planFor({ manifests: [] }, world), observing(world));
  assert.deepEqual(step, {
    type: 'finish',
    phase: 'Succeeded',
    message: 'successfully synced (no more tasks)',
    deleteHooks: [],
  });
});

test('sync: results are found again by object and phase', () => {
  const [task] = planFor({ manifests: [job('a', 'PreSync')] }, createWorld()).tasks;
  assert.ok(task);
  const result = resultOf(task, 'Running', 'made');
  assert.deepEqual(result, {
    group: 'batch',
    version: 'v1',
    kind: 'Job',
    namespace: NAMESPACE,
    name: 'a',
    status: 'Synced',
    message: 'made',
    hookType: 'PreSync',
    hookPhase: 'Running',
    syncPhase: 'PreSync',
  });
  assert.equal(taskKey(keyOf(inNamespace(manifest('Job/a'))), 'PreSync'), task.key);
});

test('a hook is held until its end is stored, and one of another run is not', () => {
  const world = createWorld();
  const setup = { manifests: [job('migrate', 'PreSync')] };
  const plan = planFor(setup, world);
  const [task] = plan.tasks;
  assert.ok(task?.target);
  const { target } = task;
  const released = (live: KubeObject, hookPhase?: 'Running' | 'Succeeded') => {
    const stored = new Map(
      hookPhase === undefined ? [] : [[task.key, resultOf(task, hookPhase, '')]],
    );
    return hooksToRelease(plan, () => live, stored).length;
  };
  assert.equal(released(target), 0);
  assert.equal(released(target, 'Running'), 0);
  assert.equal(released(target, 'Succeeded'), 1);
  assert.equal(released(withHookRun(target, 'another')), 1);
  const loose = { ...target, metadata: { ...target.metadata, finalizers: [] } };
  assert.equal(released(loose, 'Succeeded'), 0);
});

test('a held hook that goes has failed unless it has ended well', () => {
  const plan = planFor({ manifests: [job('migrate', 'PreSync')] }, createWorld());
  const [task] = plan.tasks;
  assert.ok(task?.target);
  const { target } = task;
  const going = { ...target.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
  const endOf = (status: 'Healthy' | 'Progressing') =>
    observeResults(plan, {
      results: new Map([[task.key, resultOf(task, 'Running', '')]]),
      live: () => ({ ...target, metadata: going }),
      health: () => ({ status }),
      pruneApproved: false,
      nowMs: 0,
      parseTime: Number,
    }).get(task.key);
  assert.equal(endOf('Healthy')?.hookPhase, 'Succeeded');
  assert.equal(endOf('Progressing')?.hookPhase, 'Error');
  assert.equal(
    endOf('Progressing')?.message,
    'hook batch/Job/migrate was deleted before it had ended',
  );
});
