import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject, ResourceKey } from '../objects/kube-object.ts';
import { DEFAULT_TRACKING, isSelfReferenced, track } from '../tracking/tracking.ts';
import { isNamespaced, manifest } from './testing/objects.ts';
import {
  APP,
  Crash,
  createWorld,
  NAMESPACE,
  planFor,
  simulate,
  type Behaviour,
  type Setup,
  type Simulated,
  type Stored,
  type World,
} from './testing/simulate.ts';

// Random applications over random clusters. Names are few, so that objects meet.

const POLICIES = [undefined, 'HookSucceeded', 'HookFailed', 'BeforeHookCreation,HookFailed'];
const HOOKS = ['PreSync', 'Sync', 'PostSync', 'SyncFail', 'PreSync,PostSync', 'PreSync,SyncFail'];

const anyResource: fc.Arbitrary<KubeObject> = fc
  .record({
    kind: fc.constantFrom('ConfigMap', 'Deployment', 'Secret', 'ClusterRole'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    wave: fc.integer({ min: -1, max: 2 }),
    version: fc.constantFrom('1', '2'),
    options: fc.constantFrom(undefined, undefined, undefined, 'PruneLast=true', 'Prune=false'),
  })
  .map(({ kind, name, wave, version, options }) =>
    manifest(`${kind}/${name}`, {
      wave,
      data: { version },
      ...(options === undefined ? {} : { options }),
    }),
  );

const anyHook: fc.Arbitrary<KubeObject> = fc
  .record({
    name: fc.constantFrom('x', 'y', 'z', ''),
    hook: fc.constantFrom(...HOOKS),
    policy: fc.constantFrom(...POLICIES),
    wave: fc.integer({ min: -1, max: 1 }),
  })
  .map(({ name, hook, policy, wave }) =>
    manifest(`Job/${name}`, {
      hook,
      wave,
      ...(policy === undefined ? {} : { policy }),
      ...(name === '' ? { metadata: { generateName: 'generated-' } } : {}),
    }),
  );

/** Something in the cluster: ours, a copy of our mark, or somebody else's. */
const anyLive: fc.Arbitrary<KubeObject> = fc
  .record({
    object: fc.oneof(
      anyResource,
      anyHook.filter(({ metadata }) => metadata.name !== undefined),
    ),
    mark: fc.constantFrom('ours', 'ours', 'ours', 'copied', 'none'),
  })
  .map(({ object, mark }) => {
    const placed = isNamespaced(object)
      ? { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } }
      : object;
    const marked = track(placed, APP, NAMESPACE, DEFAULT_TRACKING);
    if (mark === 'none') return placed;
    if (mark === 'ours') return marked;
    const copy = `${object.metadata.name}-copy`;
    return { ...marked, metadata: { ...marked.metadata, name: copy } };
  });

const healthy: fc.Arbitrary<Behaviour> = fc.record({
  health: fc.record({ afterTicks: fc.nat(4), then: fc.constant('Healthy' as const) }),
  lingersTicks: fc.nat(2),
});

const anyBehaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: healthy },
  {
    weight: 1,
    arbitrary: fc.record({
      // From the start: whether a later failure is seen depends on when somebody looks.
      health: fc.constant({ afterTicks: 0, then: 'Degraded' as const }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ rejected: 'refused' }) },
);

const OPTIONS = ['ApplyOutOfSyncOnly=true', 'PruneLast=true'];

function anySetup(
  behaviour: fc.Arbitrary<Behaviour>,
  options: readonly string[] = OPTIONS,
): fc.Arbitrary<Setup> {
  const names = ['ConfigMap', 'Deployment', 'Secret', 'ClusterRole']
    .flatMap((kind) => ['a', 'b', 'c', 'd'].map((name) => `${kind}/${name}`))
    .concat('Job/x', 'Job/y', 'Job/z');
  return fc.record({
    // One manifest for each object: two hooks of one name would overwrite each other.
    manifests: fc.uniqueArray(fc.oneof({ weight: 3, arbitrary: anyResource }, anyHook), {
      maxLength: 7,
      selector: ({ kind, metadata }) => `${kind}/${metadata.name}`,
    }),
    behaviour: fc.dictionary(fc.constantFrom(...names), behaviour, { maxKeys: 8 }),
    operation: fc.record({
      prune: fc.boolean(),
      syncOptions: fc.subarray([...options]),
    }),
  });
}

const anyWorld = fc.array(anyLive, { maxLength: 6 });

test('any plan: the same state gives the same plan, whatever the order of manifests', () => {
  fc.assert(
    fc.property(anySetup(anyBehaviour), anyWorld, (setup, live) => {
      const plan = planFor(setup, createWorld(live));
      assert.deepEqual(planFor(setup, createWorld(live)), plan);
      const reversed = { ...setup, manifests: setup.manifests.toReversed() };
      assert.deepEqual(planFor(reversed, createWorld(live)), plan);
      assert.equal(new Set(plan.tasks.map(({ key }) => key)).size, plan.tasks.length);
    }),
    { numRuns: 500 },
  );
});

test('any plan: prunes only what carries our mark, names itself, and is not in Git', () => {
  fc.assert(
    fc.property(anySetup(anyBehaviour), anyWorld, (setup, live) => {
      const world = createWorld(live);
      const plan = planFor(setup, world);
      const wanted = new Set(
        setup.manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
      );
      for (const task of plan.tasks.filter(({ type }) => type === 'prune')) {
        assert.ok(task.live);
        assert.ok(task.live.metadata.annotations?.['argocd.argoproj.io/tracking-id']);
        assert.ok(isSelfReferenced(task.live, undefined, DEFAULT_TRACKING));
        assert.ok(!wanted.has(`${task.kind}/${task.name}`), `${task.key} is in Git`);
      }
    }),
    { numRuns: 500 },
  );
});

test('any sync: ends, and touches nothing of others', () => {
  fc.assert(
    fc.property(anySetup(anyBehaviour), anyWorld, (setup, live) => {
      const world = createWorld(live);
      const done = simulate(setup, world);
      assert.notEqual(done.phase, 'Running', done.message);
      for (const object of live) {
        const name = `${object.kind}/${object.metadata.name}`;
        const isOurs =
          object.metadata.annotations?.['argocd.argoproj.io/tracking-id'] !== undefined;
        const wanted = setup.manifests.some((m) => `${m.kind}/${m.metadata.name}` === name);
        const copied = object.metadata.name?.endsWith('-copy') === true;
        if ((!isOurs || copied) && !wanted && !live.some((o) => o !== object && same(o, object)))
          assert.ok(!world.log.includes(`delete ${name}`), name);
      }
    }),
    { numRuns: 500 },
  );
});

const same = (left: KubeObject, right: KubeObject): boolean =>
  left.kind === right.kind && left.metadata.name === right.metadata.name;

test('any successful sync: afterwards there is nothing left to do', () => {
  fc.assert(
    fc.property(anySetup(healthy), anyWorld, (parts, live) => {
      const setup: Setup = { ...parts, operation: { ...parts.operation, prune: true } };
      const world = createWorld(live);
      const done = simulate(setup, world);
      assert.equal(done.phase, 'Succeeded', done.message);
      settle(world);
      for (const task of planFor({ ...setup, startedAtSeconds: 2000 }, world).tasks) {
        if (task.type === 'hook') continue; // they run again in every sync
        if (task.type === 'prune') assert.equal(task.prune, 'no', task.key);
        else assert.ok(task.unchanged, task.key);
      }
    }),
    { numRuns: 500 },
  );
});

/** Lets terminating objects go. */
function settle(world: World): void {
  for (const [key, { goneAt }] of world.objects)
    if (goneAt !== undefined) world.objects.delete(key);
}

/** The same objects, all in one wave. */
const flatWorld = anyWorld.map((live) =>
  live.map((object) => {
    const { 'argocd.argoproj.io/sync-wave': _, ...annotations } = object.metadata.annotations ?? {};
    return { ...object, metadata: { ...object.metadata, annotations } };
  }),
);

for (const { name, setups, worlds } of [
  {
    name: 'any sync',
    // With ApplyOutOfSyncOnly what was applied and not stored is equal, so its failing is nobody's.
    setups: anySetup(anyBehaviour, ['PruneLast=true']),
    // Prune waves are swapped among what is still there, which moves the groups that may fail.
    worlds: flatWorld,
  },
  { name: 'any healthy sync', setups: anySetup(healthy), worlds: anyWorld },
])
  test(`${name}: stopped at any write and resumed, it ends the same, no hook made twice`, () => {
    fc.assert(fc.property(setups, worlds, surviveCrashes), { numRuns: 150 });
  });

function surviveCrashes(setup: Setup, live: readonly KubeObject[]): void {
  const undisturbed = createWorld(live);
  const expected = simulate(setup, undisturbed);
  settle(undisturbed);
  for (let crashAt = 0; ; crashAt++) {
    const world = createWorld(live);
    const fuse = { left: crashAt };
    const done = simulateWithCrash(setup, world, fuse);
    settle(world);
    assert.equal(done.phase, expected.phase, `stopped at ${crashAt}: ${done.message}`);
    // A sync that fails may stop earlier or later in the group that fails.
    if (expected.phase === 'Succeeded')
      assert.deepEqual(contents(world), contents(undisturbed), `stopped at ${crashAt}`);
    assert.equal(
      new Set(world.hookRuns).size,
      world.hookRuns.length,
      `stopped at ${crashAt}: ${world.hookRuns.join(', ')}`,
    );
    if (fuse.left >= 0) return; // the sync was over before
  }
}

/** Crashes once where the fuse ends, and goes on with what was stored. */
function simulateWithCrash(setup: Setup, world: World, fuse: { left: number }): Simulated {
  let stored: Stored | undefined;
  for (;;) {
    try {
      const from = stored === undefined ? {} : { from: stored };
      const pass = simulate(setup, world, { ...from, fuse, maxPasses: 1 });
      stored = pass;
      if (pass.phase !== 'Running' || pass.passes === 0) return pass;
      assert.ok(world.tick < 200, `never ends: ${pass.message}`);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      fuse.left = Number.NEGATIVE_INFINITY; // never again
      world.tick += 1;
    }
  }
}

function contents(world: World): readonly (readonly [ResourceKey, KubeObject])[] {
  return [...world.objects]
    .map(([key, { object }]) => [key, object] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
}
