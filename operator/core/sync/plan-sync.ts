import type {
  ManagedNamespaceMetadata,
  ResourceResult,
  SyncOperation,
  SyncPhase,
} from '../app/types.ts';
import type { Comparison } from '../diff/compare-object.ts';
import { isJsonObject } from '../objects/json.ts';
import {
  groupOf,
  idOf,
  keyOf,
  resourceKey,
  versionOf,
  type KubeObject,
  type ResourceId,
  type ResourceKey,
} from '../objects/kube-object.ts';
import {
  deletePolicies,
  holdHook,
  hookRole,
  isHook,
  nameHook,
  withHookRun,
  type HookDeletePolicy,
} from './hooks.ts';
import { hookDeadline, type HookDeadline } from './hook-deadline.ts';
import {
  permissionOf,
  SYNC_OPTIONS_ANNOTATION,
  type Permission,
  type SyncOptions,
} from './options.ts';
import { pruneBrake, type PruneLimit } from './prune-brake.ts';
import { arrangePrunes, pruneWavesOf } from './prune-waves.ts';
import { compareTasks, waveOf, type Ordered } from './order.ts';

/** `ResourceKey#Phase`: a hook may run in several phases, so the resource alone does not name a task. */
export type TaskKey = string & { readonly __brand: 'TaskKey' };

export function taskKey(resource: ResourceKey, phase: SyncPhase): TaskKey {
  return `${resource}#${phase}` as TaskKey;
}

/** One thing a sync does to one object. Ordered by phase, wave, kind and name. */
export interface SyncTask extends Ordered, ResourceId {
  readonly key: TaskKey;
  readonly resource: ResourceKey;
  readonly version: string;
  readonly type: 'apply' | 'prune' | 'hook';
  readonly target: KubeObject | undefined;
  readonly live: KubeObject | undefined;
  /** `apply` only: live is already as desired and ours, so nothing needs to be sent. */
  readonly unchanged: boolean;
  /** `apply` only: the comparison asked the API server, which would take the object as it is desired. */
  readonly accepted: boolean;
  /** `prune` only: whether it may go. */
  readonly prune: Permission;
  /** `hook` only. */
  readonly policies: ReadonlySet<HookDeletePolicy>;
  /** `hook` only: how long it may take. */
  readonly deadline?: HookDeadline;
}

/** Desired and live state of one ordinary object, compared. */
export interface SyncPair {
  readonly id: ResourceId;
  readonly target: KubeObject | undefined;
  readonly live: KubeObject | undefined;
  readonly comparison: Comparison;
  /** Whether our own manager applied live, so that "equal" needs no further write. */
  readonly owned: boolean;
  /** False for copies of another object's mark: never synced, never pruned. */
  readonly selfReferenced: boolean;
}

export interface PlanInput {
  readonly pairs: readonly SyncPair[];
  /** Desired objects with hook annotations. */
  readonly hooks: readonly KubeObject[];
  readonly operation: SyncOperation;
  readonly options: SyncOptions;
  /** Destination namespace; empty when the application names none. */
  readonly namespace: string;
  /** The destination namespace as it stands in the cluster. */
  readonly liveNamespace: KubeObject | undefined;
  readonly managedNamespaceMetadata: ManagedNamespaceMetadata | undefined;
  /** How much may be pruned without approval; absent: all. */
  readonly pruneLimit?: PruneLimit | undefined;
  /** The waves of what there was to prune when the operation began; absent: of what there is. */
  readonly pruneWaves?: readonly number[] | undefined;
  readonly revision: string;
  /** Start of the operation in seconds since 1970; part of generated hook names. */
  readonly startedAtSeconds: number;
  /** `status.operationState.retryCount`: every attempt runs its hooks anew. */
  readonly attempt: number;
  /** How long hooks may take that do not say so themselves; 0 or absent: for ever. */
  readonly hookDeadlineMs?: number;
  /** Results of earlier passes of this attempt. */
  readonly results: ReadonlyMap<TaskKey, ResourceResult>;
  /** Live state, for hooks. */
  readonly live: (key: ResourceKey) => KubeObject | undefined;
  /** Why an object may not be synced (unknown kind, refused by the project), or `undefined`. */
  readonly refuse: (object: KubeObject, live: boolean) => string | undefined;
}

/** Tasks that cannot run at all; nothing is applied while there is one. */
export interface PlanProblem {
  readonly task: SyncTask;
  readonly message: string;
}

export interface SyncPlan {
  /** In the order of execution. */
  readonly tasks: readonly SyncTask[];
  readonly problems: readonly PlanProblem[];
  /** Why pruning needs approval, where the limit says so; then it waits as with `Prune=confirm`. */
  readonly brake: string | undefined;
  /** The waves of what is pruned, before they are reversed: stored with the operation if it is several. */
  readonly pruneWaves: readonly number[];
}

/**
 * Turns compared state into the ordered tasks of a sync. Pure, and the same for the same state: it
 * is computed anew in every pass, and needs nothing stored but the results and the waves to prune.
 *
 * Never prunes an object whose mark does not name the object itself.
 */
export function planSync(input: PlanInput): SyncPlan {
  const selected = input.pairs.filter((pair) => isSelected(pair.id, input.operation));
  const desiredHooks = new Set(input.hooks.map(keyOf));
  const resources = selected
    .filter((pair) => !isHookObject(pair, desiredHooks))
    .flatMap((pair) => resourceTask(pair, input));
  const hooks = skipsHooks(input) ? [] : input.hooks.flatMap((h) => hookTasks(h, input));
  const brake = brakeOf(resources, input);
  const braked = brake === undefined ? resources : resources.map(withBrake);
  const pruneWaves = input.pruneWaves ?? pruneWavesOf(braked);
  const arranged = arrangePrunes([...braked, ...hooks], pruneWaves, input.options);
  const tasks = [...namespaceTask(input), ...arranged];
  const ordered = bubbleDependencies(tasks.sort(compareTasks));
  const problems = ordered.flatMap((task) => {
    const object = task.target ?? task.live;
    const message =
      invalidDeadline(task) ?? (object && input.refuse(object, task.target === undefined));
    return message === undefined ? [] : [{ task, message }];
  });
  return { tasks: ordered, problems, brake, pruneWaves };
}

const invalidDeadline = ({ deadline }: SyncTask): string | undefined =>
  deadline?.type === 'invalid' ? deadline.message : undefined;

/** Counts what this attempt pruned already, so that the answer stays the same to its end. */
function brakeOf(tasks: readonly SyncTask[], input: PlanInput): string | undefined {
  const { operation, pairs, results } = input;
  if (operation.prune !== true || operation.dryRun === true) return undefined;
  const standing = pairs.filter(({ live, selfReferenced }) => live !== undefined && selfReferenced);
  const pruned = tasks.filter(({ type, prune }) => type === 'prune' && prune !== 'no');
  const known = new Set(standing.map(({ id }) => resourceKey(id)));
  const gone = [...results.values()].filter(
    (result) => result.status === 'Pruned' && !known.has(resourceKey(result)),
  );
  return pruneBrake(input.pruneLimit, {
    pruned: pruned.length + gone.length,
    total: standing.length + gone.length,
  });
}

const withBrake = (task: SyncTask): SyncTask =>
  task.type === 'prune' && task.prune === 'yes' ? { ...task, prune: 'confirm' } : task;

/** Hooks do not run in selective syncs, with the apply strategy, or where the options say so. */
function skipsHooks({ operation, options }: PlanInput): boolean {
  const { syncStrategy, resources = [] } = operation;
  return options.skipHooks || syncStrategy?.apply !== undefined || resources.length > 0;
}

function isSelected(id: ResourceId, operation: SyncOperation): boolean {
  const selectors = operation.resources;
  if (selectors === undefined || selectors.length === 0) return true;
  return selectors.some(
    (selector) =>
      selector.kind === id.kind &&
      (selector.group ?? '') === id.group &&
      selector.name === id.name &&
      ((selector.namespace ?? '') === '' || selector.namespace === id.namespace),
  );
}

/** The live side of a hook, of this revision or an earlier one: hooks have their own delete policies. */
function isHookObject({ target, live }: SyncPair, desired: ReadonlySet<ResourceKey>): boolean {
  return target === undefined && live !== undefined && (isHook(live) || desired.has(keyOf(live)));
}

function resourceTask(pair: SyncPair, input: PlanInput): SyncTask[] {
  const object = pair.target ?? pair.live;
  if (object === undefined || !pair.selfReferenced) return [];
  const unmodified = pair.comparison.type === 'equal';
  if (pair.target !== undefined) {
    const task = taskOf('apply', object, 'Sync', waveOf(object));
    // What this operation applied is equal now, but later waves still wait for its health.
    const begun = input.results.has(task.key);
    if (input.options.applyOutOfSyncOnly && unmodified && !begun) return [];
    const { comparison } = pair;
    const accepted = comparison.type === 'different' && comparison.accepted === true;
    const unchanged = unmodified && pair.owned;
    return [{ ...task, live: pair.live, target: pair.target, unchanged, accepted }];
  }
  const prune = permissionOf('Prune', object, input.options.prune);
  return [{ ...taskOf('prune', object, 'Sync', waveOf(object)), live: pair.live, prune }];
}

function taskOf(
  type: SyncTask['type'],
  object: KubeObject,
  phase: SyncPhase,
  wave: number,
): SyncTask {
  const id = idOf(object);
  const resource = resourceKey(id);
  return {
    ...id,
    key: taskKey(resource, phase),
    resource,
    version: versionOf(object.apiVersion),
    type,
    phase,
    wave,
    target: undefined,
    live: undefined,
    unchanged: false,
    accepted: false,
    prune: 'yes',
    policies: NO_POLICIES,
  };
}

const NO_POLICIES: ReadonlySet<HookDeletePolicy> = new Set();

function hookTasks(hook: KubeObject, input: PlanInput): SyncTask[] {
  const role = hookRole(hook);
  if (role.type !== 'hook') return [];
  return role.phases.flatMap((phase) => {
    if (phase === 'PreDelete' || phase === 'PostDelete') return [];
    const run = `${input.startedAtSeconds}-${input.attempt}-${phase}`;
    const suffix = `${shortRevision(input.revision)}-${phase}-${input.startedAtSeconds}`;
    const named = holdHook(withHookRun(nameHook(hook, suffix), run));
    const task = taskOf('hook', named, phase, waveOf(hook));
    const policies = deletePolicies(hook);
    const deadline = hookDeadline(hook, input.hookDeadlineMs ?? 0);
    return [{ ...task, target: named, live: input.live(task.resource), policies, deadline }];
  });
}

const shortRevision = (revision: string): string =>
  revision.length >= 8 ? revision.slice(0, 7) : revision;

function namespaceTask(input: PlanInput): SyncTask[] {
  const { namespace, options, managedNamespaceMetadata: metadata, liveNamespace } = input;
  if (!options.createNamespace || namespace === '') return [];
  const inTargets = input.pairs.some(
    ({ target }) => target?.kind === 'Namespace' && target.metadata.name === namespace,
  );
  if (inTargets || (liveNamespace !== undefined && metadata === undefined)) return [];
  const target: KubeObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespace,
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata === undefined
        ? {}
        : { annotations: { ...metadata.annotations, ...KEEP_FOREIGN_METADATA } }),
    },
  };
  return [{ ...taskOf('apply', target, 'PreSync', 0), target, live: liveNamespace }];
}

/** Applied server-side whatever the operation says, so that labels of others survive. */
const KEEP_FOREIGN_METADATA = { [SYNC_OPTIONS_ANNOTATION]: 'ServerSideApply=true' } as const;

/** Moves a Namespace before the first task that lives in it, and a CRD before the first object of its kind. */
function bubbleDependencies(tasks: readonly SyncTask[]): SyncTask[] {
  const result = [...tasks];
  for (const task of tasks) {
    const needs = dependantsOf(task);
    if (needs === undefined) continue;
    const from = result.indexOf(task);
    const to = result.findIndex((other) => other !== task && needs(other));
    const first = result[to];
    if (first === undefined || to > from) continue;
    result.splice(from, 1);
    const key = taskKey(task.resource, first.phase); // results are found again by the phase they ran in
    result.splice(to, 0, { ...task, key, phase: first.phase, wave: first.wave });
  }
  return result;
}

/** Which tasks can only run after this one, if it is a Namespace or a CRD to be applied. */
function dependantsOf(task: SyncTask): ((other: SyncTask) => boolean) | undefined {
  if (task.target === undefined) return undefined;
  if (task.kind === 'Namespace' && task.group === '')
    return (other) => other.target !== undefined && other.namespace === task.name;
  const defined = definedKind(task.target);
  if (defined === undefined) return undefined;
  return (other) =>
    other.target !== undefined && other.group === defined.group && other.kind === defined.kind;
}

/** The kind that a CustomResourceDefinition brings. */
export function definedKind(
  object: KubeObject,
): { readonly group: string; readonly kind: string } | undefined {
  if (object.kind !== 'CustomResourceDefinition') return undefined;
  if (groupOf(object.apiVersion) !== 'apiextensions.k8s.io') return undefined;
  const spec = object['spec'];
  const names = isJsonObject(spec) ? spec['names'] : undefined;
  const group = isJsonObject(spec) ? spec['group'] : undefined;
  const kind = isJsonObject(names) ? names['kind'] : undefined;
  return typeof group === 'string' && typeof kind === 'string' ? { group, kind } : undefined;
}
