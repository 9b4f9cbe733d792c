import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyOf, resourceKey, type KubeObject, type ResourceKey } from '../objects/kube-object.ts';
import { DEFAULT_TRACKING, instanceOf, isSelfReferenced } from '../tracking/tracking.ts';
import { isHook } from './hooks.ts';
import type { SyncTask, TaskKey } from './plan-sync.ts';
import { anyBehaviour, anySetup, anyWorld, healthy, shuffled } from './testing/arbitraries.ts';
import {
  APP,
  Crash,
  createWorld,
  planFor,
  simulate,
  type Setup,
  type Simulated,
  type Stored,
  type World,
} from './testing/simulate.ts';

test('any plan: the same state gives the same plan, however manifests and objects are shuffled', () => {
  const shuffles = anySetup(anyBehaviour).chain((setup) =>
    fc.tuple(fc.constant(setup), shuffled(setup.manifests)),
  );
  const worlds = anyWorld.chain((live) => {
    const distinct = [...new Map(live.map((object) => [keyOf(object), object])).values()];
    return fc.tuple(fc.constant(distinct), shuffled(distinct));
  });
  fc.assert(
    fc.property(shuffles, worlds, ([setup, manifests], [live, others]) => {
      const plan = planFor(setup, createWorld(live));
      assert.deepEqual(planFor({ ...setup, manifests }, createWorld(others)), plan);
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
        assert.equal(instanceOf(task.live, DEFAULT_TRACKING), APP);
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
        const isOurs = instanceOf(object, DEFAULT_TRACKING) === APP;
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

for (const { name, setups } of [
  {
    name: 'any sync',
    // With ApplyOutOfSyncOnly what was applied and not stored is equal, so its failing is nobody's.
    setups: anySetup(anyBehaviour, ['PruneLast=true']),
  },
  { name: 'any healthy sync', setups: anySetup(healthy) },
])
  test(`${name}: stopped at any write and resumed, it ends the same, no hook made twice`, () => {
    fc.assert(fc.property(setups, anyWorld, surviveCrashes), { numRuns: 150 });
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

test('any sync, stopped at any write: what is still to be done keeps its order and its groups', () => {
  fc.assert(
    fc.property(anySetup(healthy), anyWorld, fc.nat(20), (parts, live, crashAt) => {
      const setup: Setup = { ...parts, operation: { ...parts.operation, prune: true } };
      const world = createWorld(live);
      let before: readonly SyncTask[] = [];
      const assertSteady = (stored: Stored | undefined) => {
        const { tasks } = planFor(setup, world, stored);
        assert.deepEqual(groupsOf(tasks, before), groupsOf(before, tasks), world.log.join(', '));
        before = tasks;
      };
      simulateWithCrash(setup, world, { left: crashAt }, assertSteady);
    }),
    { numRuns: 1_000 },
  );
});

/** The tasks that `others` have too, group by group. */
function groupsOf(
  tasks: readonly SyncTask[],
  others: readonly SyncTask[],
): readonly (readonly TaskKey[])[] {
  const kept = tasks.filter(({ key }) => others.some((other) => other.key === key));
  const groups = new Map<string, TaskKey[]>();
  for (const { phase, wave, key } of kept) {
    const name = `${phase} ${wave}`;
    groups.set(name, [...(groups.get(name) ?? []), key]);
  }
  return [...groups.values()];
}

test('any healthy sync: terminated at any step, the next one ends as if there had been none', () => {
  fc.assert(
    fc.property(anySetup(healthy), anyWorld, (setup, live) => {
      const undisturbed = createWorld(live);
      simulate(setup, undisturbed);
      const expected = simulate({ ...setup, startedAtSeconds: 3000 }, undisturbed);
      settle(undisturbed);
      for (let steps = 0; ; steps++) {
        const world = createWorld(live);
        const stopped = simulate({ ...setup, startedAtSeconds: 2000 }, world, { maxPasses: steps });
        if (stopped.phase !== 'Running') return;
        terminate(world, stopped);
        const done = simulate({ ...setup, startedAtSeconds: 3000 }, world);
        assert.equal(done.phase, 'Succeeded', `terminated after ${steps}: ${done.message}`);
        settle(world);
        assert.deepEqual(
          contents(world).filter(isNoHook),
          contents(undisturbed).filter(isNoHook),
          `terminated after ${steps}`,
        );
        assert.equal(done.phase, expected.phase);
      }
    }),
    { numRuns: 150 },
  );
});

/** What termination does to the cluster: running hooks go at once. */
function terminate(world: World, { results }: Stored): void {
  for (const { hookType, hookPhase, ...id } of results.values())
    if (hookType !== undefined && hookPhase === 'Running') world.objects.delete(resourceKey(id));
}

const isNoHook = ([, object]: readonly [ResourceKey, KubeObject]): boolean => !isHook(object);

/** Crashes once where the fuse ends, and goes on with what was stored, of which `look` is told each time. */
function simulateWithCrash(
  setup: Setup,
  world: World,
  fuse: { left: number },
  look: (stored: Stored | undefined) => void = () => {},
): Simulated {
  let stored: Stored | undefined;
  for (;;) {
    look(stored);
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
