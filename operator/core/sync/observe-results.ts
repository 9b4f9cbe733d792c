import type { HealthStatusCode, ResourceResult } from '../app/types.ts';
import type { KubeObject, ResourceKey } from '../objects/kube-object.ts';
import { hookRunOf, isHeldHook } from './hooks.ts';
import { dueAt, overdueMessage } from './hook-deadline.ts';
import { isStoppable } from './stop-hook.ts';
import type { SyncPlan, SyncTask, TaskKey } from './plan-sync.ts';

/** What a pass sees of the world: earlier results and live state. */
export interface Observed {
  readonly results: ReadonlyMap<TaskKey, ResourceResult>;
  /** Must know what earlier steps wrote: an object that it does not find counts as deleted. */
  readonly live: (key: ResourceKey) => KubeObject | undefined;
  /** `undefined`: the kind has no notion of health. */
  readonly health: (object: KubeObject) => ObservedHealth | undefined;
  /** Whether `argocd.argoproj.io/deletion-approved` was given since the operation began. */
  readonly pruneApproved: boolean;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** RFC 3339 to milliseconds since 1970. */
  readonly parseTime: (text: string) => number;
}

export interface ObservedHealth {
  readonly status: HealthStatusCode;
  readonly message?: string | undefined;
}

/**
 * What earlier results have become meanwhile: running hooks and resources succeed, fail or vanish
 * as their live objects tell. Returns only the results that change.
 */
export function observeResults(
  plan: SyncPlan,
  observed: Observed,
): ReadonlyMap<TaskKey, ResourceResult> {
  const changed = new Map<TaskKey, ResourceResult>();
  for (const task of plan.tasks) {
    const result = observed.results.get(task.key);
    if (result === undefined) {
      if (isMadeByTask(task, observed))
        changed.set(task.key, progressOf(task, resultOf(task, 'Running', ''), observed));
    } else if (result.hookPhase === 'Running') {
      const next = progressOf(task, result, observed);
      if (next !== result) changed.set(task.key, next);
    }
  }
  return changed;
}

/**
 * The good news among `observeResults`, for right after a group ran: what is Degraded now may be so
 * from before, because no controller has looked yet at what was applied.
 */
export function observeSuccesses(
  plan: SyncPlan,
  observed: Observed,
): ReadonlyMap<TaskKey, ResourceResult> {
  const changed = observeResults(plan, observed);
  return new Map([...changed].filter(([, result]) => result.hookPhase === 'Succeeded'));
}

/**
 * Whether a hook ended, as `results` say and `stored` does not, that a coming step may delete. Store
 * the results before going on: a restart would find neither the hook nor how it ended.
 */
export function hasUnstoredEnd(
  plan: SyncPlan,
  results: ReadonlyMap<TaskKey, ResourceResult>,
  stored: ReadonlyMap<TaskKey, ResourceResult>,
): boolean {
  return plan.tasks
    .filter((task) => hasEnded(results.get(task.key)) && !hasEnded(stored.get(task.key)))
    .some((task) => mayBeDeleted(task, plan));
}

/** Hooks that finishing deletes, or that another phase makes anew. */
const mayBeDeleted = (task: SyncTask, plan: SyncPlan): boolean =>
  task.type === 'hook' &&
  (task.policies.has('HookSucceeded') ||
    task.policies.has('HookFailed') ||
    plan.tasks.some((other) => other.resource === task.resource && other.key !== task.key));

/**
 * Hook objects that nothing has to be read from any more: their end is stored, or another run than
 * this one made them.
 */
export function hooksToRelease(
  plan: SyncPlan,
  live: Observed['live'],
  stored: ReadonlyMap<TaskKey, ResourceResult>,
): readonly KubeObject[] {
  const hooks = plan.tasks.filter(({ type }) => type === 'hook');
  const toBeRead = new Set(
    hooks
      .filter(({ key }) => !hasEnded(stored.get(key)))
      .map(({ resource, target }) => `${resource} ${hookRunOf(target)}`),
  );
  const held = [...new Set(hooks.map(({ resource }) => resource))].flatMap((resource) => {
    const object = live(resource);
    return object !== undefined && isHeldHook(object) ? [{ resource, object }] : [];
  });
  return held
    .filter(({ resource, object }) => !toBeRead.has(`${resource} ${hookRunOf(object)}`))
    .map(({ object }) => object);
}

/** True for results that will not change any more. */
export const hasEnded = (result: ResourceResult | undefined): boolean =>
  result?.hookPhase !== undefined && result.hookPhase !== 'Running';

/** A hook without a result whose object carries the mark of this very run: we were stopped right after making it. */
function isMadeByTask(task: SyncTask, observed: Observed): boolean {
  if (task.type !== 'hook') return false;
  const run = hookRunOf(task.target);
  return run !== undefined && run === hookRunOf(observed.live(task.resource));
}

/** The result of a task that was carried out. */
export function resultOf(
  task: SyncTask,
  hookPhase: 'Running' | 'Succeeded' | 'Failed',
  message: string,
): ResourceResult {
  const failed = hookPhase === 'Failed';
  return {
    group: task.group,
    version: task.version,
    kind: task.kind,
    namespace: task.namespace,
    name: task.name,
    status: failed ? 'SyncFailed' : 'Synced',
    message,
    ...(task.type === 'hook' ? { hookType: task.phase } : {}),
    hookPhase,
    syncPhase: task.phase,
  };
}

function progressOf(task: SyncTask, result: ResourceResult, observed: Observed): ResourceResult {
  const live = observed.live(task.resource);
  if (live === undefined) {
    const name = `${task.group}/${task.kind}/${task.name}`;
    const message = `Resource ${name} is missing, it might have been deleted`;
    return { ...result, status: 'SyncFailed', hookPhase: 'Error', message };
  }
  const health = observed.health(live);
  const ended = { ...result, message: endMessage(task, health) || (result.message ?? '') };
  if (health === undefined || health.status === 'Healthy')
    return { ...ended, hookPhase: 'Succeeded' };
  if (health.status === 'Degraded' || (task.type === 'hook' && health.status === 'Unknown'))
    return { ...ended, hookPhase: 'Failed' };
  if (isHeldHook(live) && live.metadata.deletionTimestamp !== undefined) {
    const message = `hook ${titleOf(task)} was deleted before it had ended`;
    return { ...result, status: 'SyncFailed', hookPhase: 'Error', message };
  }
  return overdue(task, result, live, observed) ?? result;
}

/** How a hook ended that has not ended in its time. */
function overdue(
  task: SyncTask,
  result: ResourceResult,
  live: KubeObject,
  { nowMs, parseTime }: Observed,
): ResourceResult | undefined {
  const { deadline } = task;
  const dueAtMs = dueAt(deadline, live, parseTime);
  if (deadline === undefined || dueAtMs === undefined || dueAtMs > nowMs) return undefined;
  const message = `hook ${titleOf(task)} ${overdueMessage(deadline)}${mayGoOn(task)}`;
  return { ...result, status: 'SyncFailed', hookPhase: 'Error', message };
}

function mayGoOn(task: SyncTask): string {
  if (isStoppable(task) || task.policies.has('HookFailed')) return '';
  return `, and may go on: there is no common way to stop a ${task.kind}, but the delete policy HookFailed takes it away`;
}

const titleOf = ({ group, kind, name }: SyncTask): string =>
  `${group === '' ? kind : `${group}/${kind}`}/${name}`;

/** What a person should read about the end; empty when the message of the apply still says it best. */
function endMessage(task: SyncTask, health: ObservedHealth | undefined): string {
  if (health !== undefined) return health.message ?? '';
  return task.type === 'hook' ? `${task.name} created` : '';
}
