import type {
  HealthStatusCode,
  Operation,
  ResourceResult,
  SyncOperation,
} from '../../app/types.ts';
import { jsonEqual } from '../../objects/json.ts';
import { idOf, keyOf, type KubeObject, type ResourceKey } from '../../objects/kube-object.ts';
import { DEFAULT_TRACKING, isSelfReferenced, instanceOf } from '../../tracking/tracking.ts';
import { hookDeadline } from '../hook-deadline.ts';
import { hookRunOf, isHook } from '../hooks.ts';
import { finishAfterFinalGroup, nextStep, type NextStep } from '../next-step.ts';
import {
  hasUnstoredEnd,
  observeResults,
  observeSuccesses,
  resultOf,
  type Observed,
} from '../observe-results.ts';
import { parseSyncOptions } from '../options.ts';
import {
  planSync,
  type SyncPair,
  type SyncPlan,
  type SyncTask,
  type TaskKey,
} from '../plan-sync.ts';
import type { PruneLimit } from '../prune-brake.ts';
import { hasUnstoredWaves, withPruneWaves } from '../prune-waves.ts';
import { prepareTargets } from '../prepare-targets.ts';
import { isNamespaced } from './objects.ts';

/** How an object of the small world behaves; by `Kind/name`. */
export interface Behaviour {
  /** Absent: a kind without health. Before `afterTicks` it is Progressing. */
  readonly health?: {
    readonly afterTicks: number;
    readonly then: HealthStatusCode;
    readonly message?: string;
  };
  /** What the API server says to every attempt to apply it. */
  readonly rejected?: string;
  /** How long it stays terminating when it is deleted. */
  readonly lingersTicks?: number;
}

export interface Setup {
  readonly manifests: readonly KubeObject[];
  readonly behaviour?: Readonly<Record<string, Behaviour>>;
  readonly operation?: SyncOperation;
  readonly pruneApproved?: boolean;
  readonly pruneLimit?: PruneLimit;
  readonly startedAtSeconds?: number;
  readonly attempt?: number;
  readonly refuse?: (object: KubeObject) => string | undefined;
}

interface LiveObject {
  readonly object: KubeObject;
  readonly appliedAt: number;
  readonly goneAt?: number;
}

/** A cluster of objects that become healthy, fail and vanish as ticks pass. */
export interface World {
  readonly objects: Map<ResourceKey, LiveObject>;
  tick: number;
  /** Every write: `create Kind/name`, `update …`, `reject …`, `delete …`. */
  readonly log: string[];
  /** Hook objects made, by the run that made them; for "never twice". */
  readonly hookRuns: string[];
}

export function createWorld(objects: readonly KubeObject[] = []): World {
  const world: World = { objects: new Map(), tick: 0, log: [], hookRuns: [] };
  for (const object of objects) world.objects.set(keyOf(object), { object, appliedAt: -1000 });
  return world;
}

/** What is kept over a restart. */
export interface Stored {
  readonly results: ReadonlyMap<TaskKey, ResourceResult>;
  readonly phase: 'Running' | 'Succeeded' | 'Failed';
  readonly message: string;
  /** The waves to prune, once they are stored. */
  readonly pruneWaves?: readonly number[];
}

export interface Simulated extends Stored {
  /** The message after each pass, repetitions left out. */
  readonly messages: readonly string[];
  readonly passes: number;
}

/** Thrown where a crash was asked for. */
export class Crash extends Error {}

export const APP = 'app';
export const NAMESPACE = 'web';
/** What a tick takes by the clock of the small world, whose times are texts of milliseconds. */
const TICK_MS = 1000;
const FRESH: Stored = { results: new Map(), phase: 'Running', message: '' };

/** The plan of the operation as the world stands now. */
export function planFor(setup: Setup, world: World, stored: Stored = FRESH): SyncPlan {
  const operation = setup.operation ?? { prune: true };
  const targets = prepareTargets(setup.manifests, {
    namespace: NAMESPACE,
    instance: APP,
    tracking: DEFAULT_TRACKING,
    isNamespaced,
  });
  const live = (key: ResourceKey) => world.objects.get(key)?.object;
  const keys = new Set(targets.resources.keys());
  for (const [key, { object }] of world.objects)
    if (instanceOf(object, DEFAULT_TRACKING) === APP && !targets.kept.has(key)) keys.add(key);
  return planSync({
    pairs: [...keys].flatMap((key) => pairOf(targets.resources.get(key), live(key)) ?? []),
    hooks: targets.hooks,
    operation,
    options: parseSyncOptions(operation.syncOptions),
    namespace: NAMESPACE,
    liveNamespace: live('/Namespace//web' as ResourceKey),
    managedNamespaceMetadata: undefined,
    pruneLimit: setup.pruneLimit,
    pruneWaves: stored.pruneWaves,
    revision: 'abcdef0123456789',
    startedAtSeconds: setup.startedAtSeconds ?? 1000,
    attempt: setup.attempt ?? 0,
    results: stored.results,
    live,
    refuse: setup.refuse ?? (() => undefined),
  });
}

function pairOf(
  target: KubeObject | undefined,
  live: KubeObject | undefined,
): SyncPair | undefined {
  const object = target ?? live;
  if (object === undefined || (target === undefined && isHook(object))) return undefined;
  return {
    id: idOf(object),
    target,
    live,
    comparison:
      target === undefined
        ? { type: 'extra' }
        : live === undefined
          ? { type: 'missing' }
          : isApplied(target, live)
            ? { type: 'equal' }
            : { type: 'different', paths: [], certain: true },
    owned: true,
    selfReferenced: live === undefined || isSelfReferenced(live, target, DEFAULT_TRACKING),
  };
}

function isApplied(target: KubeObject, live: KubeObject): boolean {
  const { deletionTimestamp: _, ...metadata } = live.metadata;
  return jsonEqual(target, { ...live, metadata });
}

/**
 * Runs an operation pass by pass, as the engine does: plan, take in what happened, one step, store.
 * `fuse` counts down with every write and every store, and crashes at 0: what was not stored is lost.
 */
export function simulate(
  setup: Setup,
  world: World,
  options: {
    readonly from?: Stored;
    readonly fuse?: { left: number };
    readonly maxPasses?: number;
  } = {},
): Simulated {
  const { fuse = { left: Number.POSITIVE_INFINITY }, maxPasses = 60 } = options;
  let stored = options.from ?? FRESH;
  const messages: string[] = [];
  let passes = 0;
  for (; passes < maxPasses && stored.phase === 'Running'; passes++) {
    const next = runPass(setup, world, stored, fuse);
    burn(fuse);
    stored = next;
    if (messages.at(-1) !== stored.message) messages.push(stored.message);
    elapse(world);
  }
  return { ...stored, messages, passes };
}

function burn(fuse: { left: number }): void {
  if (fuse.left === 0) throw new Crash();
  fuse.left -= 1;
}

function runPass(setup: Setup, world: World, stored: Stored, fuse: { left: number }): Stored {
  const plan = planFor(setup, world, stored);
  const [problem] = plan.problems;
  if (problem !== undefined) return { ...stored, phase: 'Failed', message: problem.message };
  const operation: Operation = { sync: setup.operation ?? { prune: true } };
  const { pruneWaves } = stored;
  const known = pruneWaves === undefined ? operation : withPruneWaves(operation, pruneWaves);
  if (hasUnstoredWaves(plan, known)) return { ...stored, pruneWaves: plan.pruneWaves };
  const results = new Map(stored.results);
  const observed: Observed = {
    results,
    live: (key) => world.objects.get(key)?.object,
    health: (object) => healthOf(setup, world, object),
    pruneApproved: setup.pruneApproved ?? false,
    nowMs: world.tick * TICK_MS,
    parseTime: Number,
  };
  const running = (message: string): Stored => ({ ...stored, results, phase: 'Running', message });
  const finish = (step: Extract<NextStep, { type: 'finish' }>): Stored => {
    for (const task of step.deleteHooks) remove(setup, world, task, fuse);
    return { ...stored, results, phase: step.phase, message: step.message };
  };
  for (const [key, result] of observeResults(plan, observed)) results.set(key, result);
  if (hasUnstoredEnd(plan, results, stored.results)) return running(stored.message);
  const step = nextStep(plan, observed);
  if (step.type === 'wait') return running(step.message);
  if (step.type === 'finish') return finish(step);
  for (const task of step.prune) results.set(task.key, prune(setup, world, task, fuse));
  for (const task of step.clear) remove(setup, world, task, fuse);
  for (const task of step.apply) results.set(task.key, apply(setup, world, task, fuse));
  for (const [key, result] of observeSuccesses(plan, observed)) results.set(key, result);
  const after = step.final ? finishAfterFinalGroup(plan, observed) : nextStep(plan, observed);
  const isOver = after.type === 'finish' && (step.final || after.phase === 'Failed');
  if (isOver && !hasUnstoredEnd(plan, results, stored.results)) return finish(after);
  return running(after.type === 'wait' ? after.message : 'waiting for the next wave');
}

const nameOf = ({ kind, name }: { readonly kind: string; readonly name: string }): string =>
  `${kind}/${name}`;

function healthOf(setup: Setup, world: World, object: KubeObject) {
  const health = setup.behaviour?.[nameOf(idOf(object))]?.health;
  if (health === undefined) return undefined;
  const age = world.tick - (world.objects.get(keyOf(object))?.appliedAt ?? world.tick);
  if (age < health.afterTicks) return { status: 'Progressing' as const };
  return { status: health.then, message: health.message };
}

function apply(setup: Setup, world: World, task: SyncTask, fuse: { left: number }): ResourceResult {
  const { target } = task;
  if (target === undefined) throw new Error(`${task.key} has nothing to apply`);
  const name = nameOf(task);
  if (task.unchanged) return resultOf(task, 'Running', `${name} unchanged`);
  burn(fuse);
  const rejected = setup.behaviour?.[name]?.rejected;
  if (rejected !== undefined) {
    world.log.push(`reject ${name}`);
    return resultOf(task, 'Failed', rejected);
  }
  const known = world.objects.get(task.resource);
  world.log.push(`${known === undefined ? 'create' : 'update'} ${name}`);
  if (task.type === 'hook' && known === undefined)
    world.hookRuns.push(`${name} ${hookRunOf(target)}`);
  world.objects.set(task.resource, { object: stamped(target, world), appliedAt: world.tick });
  return resultOf(task, 'Running', `${name} ${known === undefined ? 'created' : 'configured'}`);
}

/** With the time of its creation where something depends on that. */
function stamped(target: KubeObject, { tick }: World): KubeObject {
  if (hookDeadline(target, 0).type === 'none') return target;
  return { ...target, metadata: { ...target.metadata, creationTimestamp: `${tick * TICK_MS}` } };
}

function prune(setup: Setup, world: World, task: SyncTask, fuse: { left: number }): ResourceResult {
  const done = resultOf(task, 'Succeeded', '');
  if ((setup.operation ?? { prune: true }).prune !== true)
    return { ...done, status: 'PruneSkipped', message: 'ignored (requires pruning)' };
  if (task.prune === 'no')
    return { ...done, status: 'PruneSkipped', message: 'ignored (no prune)' };
  remove(setup, world, task, fuse);
  return { ...done, status: 'Pruned', message: 'pruned' };
}

function remove(setup: Setup, world: World, task: SyncTask, fuse: { left: number }): void {
  burn(fuse);
  const known = world.objects.get(task.resource);
  if (known === undefined || known.goneAt !== undefined) return;
  const name = nameOf(task);
  world.log.push(`delete ${name}`);
  const lingers = setup.behaviour?.[name]?.lingersTicks ?? 0;
  if (lingers === 0) world.objects.delete(task.resource);
  else {
    const metadata = { ...known.object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    const object = { ...known.object, metadata };
    world.objects.set(task.resource, { ...known, object, goneAt: world.tick + lingers });
  }
}

function elapse(world: World): void {
  world.tick += 1;
  for (const [key, { goneAt }] of world.objects)
    if (goneAt !== undefined && goneAt <= world.tick) world.objects.delete(key);
}

export const healthyAfter = (afterTicks: number): Behaviour => ({
  health: { afterTicks, then: 'Healthy' },
});
export const degradedAfter = (afterTicks: number, message?: string): Behaviour => ({
  health: { afterTicks, then: 'Degraded', ...(message === undefined ? {} : { message }) },
});

/** In the namespace of the simulation. */
export const inNamespace = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: NAMESPACE },
});
