import type { HealthStatusCode, ResourceResult } from '../app/types.ts';
import type { KubeObject, ResourceKey } from '../objects/kube-object.ts';
import type { SyncPlan, SyncTask, TaskKey } from './plan-sync.ts';

/** What a pass sees of the world: earlier results and live state. */
export interface Observed {
  readonly results: ReadonlyMap<TaskKey, ResourceResult>;
  readonly live: (key: ResourceKey) => KubeObject | undefined;
  /** `undefined`: the kind has no notion of health. */
  readonly health: (object: KubeObject) => HealthStatusCode | undefined;
  /** Whether `argocd.argoproj.io/deletion-approved` was given since the operation began. */
  readonly pruneApproved: boolean;
  /** When the operation began, milliseconds since 1970: an older hook object is from an earlier run. */
  readonly startedAtMs: number;
  readonly parseTime: (text: string) => number;
}

export type NextStep =
  /** Carry out this group: prune, delete old hooks, then apply; `final` when nothing has to be awaited after it. */
  | {
      readonly type: 'run';
      readonly prune: readonly SyncTask[];
      /** Hooks whose object from an earlier run must go first; they run in a later step. */
      readonly clear: readonly SyncTask[];
      readonly apply: readonly SyncTask[];
      readonly final: boolean;
    }
  /** Nothing to do until one of these objects changes. */
  | { readonly type: 'wait'; readonly message: string; readonly on: readonly ResourceKey[] }
  | {
      readonly type: 'finish';
      readonly phase: 'Succeeded' | 'Failed';
      readonly message: string;
      /** Hooks whose delete policy matches the outcome. */
      readonly deleteHooks: readonly SyncTask[];
    };

export const SYNCED_NOTHING_LEFT = 'successfully synced (no more tasks)';
export const SYNCED_ALL_RUN = 'successfully synced (all tasks run)';
const TASKS_FAILED = 'one or more synchronization tasks completed unsuccessfully';

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
      if (startedByUs(task, observed)) changed.set(task.key, resultOf(task, 'Running', ''));
    } else if (result.hookPhase === 'Running') {
      const next = progressOf(task, result, observed);
      if (next !== result) changed.set(task.key, next);
    }
  }
  return changed;
}

/** A hook without a result whose object is younger than the operation: we were stopped right after making it. */
function startedByUs(task: SyncTask, observed: Observed): boolean {
  if (task.type !== 'hook') return false;
  const made = observed.live(task.resource)?.metadata.creationTimestamp;
  return typeof made === 'string' && observed.parseTime(made) >= observed.startedAtMs;
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
  if (health === undefined || health === 'Healthy') return { ...result, hookPhase: 'Succeeded' };
  if (health === 'Degraded' || (task.type === 'hook' && health === 'Unknown'))
    return { ...result, hookPhase: 'Failed' };
  return result;
}

/**
 * What a sync does next. Pure: give it the plan and what is observed (with `observeResults` taken
 * in), carry out the answer, and ask again. The same state always gives the same answer, so a
 * restart between any two steps continues where the last one stopped.
 */
export function nextStep(plan: SyncPlan, observed: Observed): NextStep {
  const state = readState(plan, observed);
  const waiting = waitForRunning(state, plan) ?? waitForDeletions(state, observed);
  if (waiting !== undefined) return waiting;
  if (state.failed.length > 0) return failingStep(state);
  const first = state.pending[0];
  if (first === undefined) return succeed(state, SYNCED_NOTHING_LEFT);
  const group = state.pending.filter(
    (task) => task.phase === first.phase && task.wave === first.wave,
  );
  return runGroup(group, state, observed);
}

/** The end of a sync whose last group needs no waiting. */
export function finishAfterFinalGroup(plan: SyncPlan, observed: Observed): NextStep {
  const state = readState(plan, observed);
  return state.failed.length > 0 ? nextStep(plan, observed) : succeed(state, SYNCED_ALL_RUN);
}

interface State {
  readonly results: ReadonlyMap<TaskKey, ResourceResult>;
  readonly running: readonly SyncTask[];
  readonly failed: readonly SyncTask[];
  readonly pending: readonly SyncTask[];
  readonly pruned: readonly SyncTask[];
  readonly syncFail: readonly SyncTask[];
  readonly hooks: readonly SyncTask[];
}

function readState(plan: SyncPlan, { results }: Observed): State {
  const phaseOf = (task: SyncTask) => results.get(task.key)?.hookPhase;
  const syncFail = plan.tasks.filter((task) => task.phase === 'SyncFail');
  const tasks = plan.tasks.filter((task) => task.phase !== 'SyncFail');
  return {
    results,
    running: plan.tasks.filter((task) => phaseOf(task) === 'Running'),
    failed: tasks.filter((task) => phaseOf(task) === 'Failed' || phaseOf(task) === 'Error'),
    pending: tasks.filter((task) => !results.has(task.key)),
    pruned: plan.tasks.filter((task) => results.get(task.key)?.status === 'Pruned'),
    syncFail,
    hooks: plan.tasks.filter((task) => task.type === 'hook'),
  };
}

/** Hooks are always awaited; resources only when a later group depends on them. */
function waitForRunning(state: State, plan: SyncPlan): NextStep | undefined {
  const first = plan.tasks[0];
  const last = plan.tasks.at(-1);
  const multiStep = first?.phase !== last?.phase || first?.wave !== last?.wave;
  const hooks = state.running.filter((task) => task.type === 'hook');
  const awaited = multiStep ? state.running : hooks;
  if (awaited.length === 0) return undefined;
  const what = hooks.length > 0 ? 'completion of hook' : 'healthy state of';
  return wait(
    what,
    [...hooks, ...awaited.filter((task) => task.type !== 'hook')],
    hooks.length > 0,
  );
}

function waitForDeletions(state: State, observed: Observed): NextStep | undefined {
  const terminating = state.pruned.filter(
    (task) => observed.live(task.resource)?.metadata.deletionTimestamp !== undefined,
  );
  return terminating.length === 0 ? undefined : wait('deletion of', terminating, false);
}

function wait(what: string, tasks: readonly SyncTask[], hooks: boolean): NextStep {
  const [first, ...others] = tasks;
  const name = first === undefined ? '' : `${first.group}/${first.kind}/${first.name}`;
  const onlyHooks = hooks && tasks.every((task) => task.type === 'hook');
  const more =
    others.length === 0 ? '' : ` and ${others.length} more ${onlyHooks ? 'hooks' : 'resources'}`;
  return {
    type: 'wait',
    message: `waiting for ${what} ${name.replace(/^\//, '')}${more}`,
    on: tasks.map((task) => task.resource),
  };
}

function failingStep(state: State): NextStep {
  const pending = state.syncFail.filter((task) => !state.results.has(task.key));
  if (pending.length > 0)
    return { type: 'run', prune: [], clear: [], apply: pending, final: false };
  const whole = state.pending.length === 0 && state.failed.every((t) => wasRejected(t, state));
  const message =
    whole && isOnlyFailures(state) ? 'one or more objects failed to apply' : TASKS_FAILED;
  const hooksFailed = state.syncFail.filter((task) => isFailure(state.results.get(task.key)));
  const hookReasons =
    hooksFailed.length === 0
      ? ''
      : `\none or more SyncFail hooks failed${reasons(hooksFailed, state)}`;
  return {
    type: 'finish',
    phase: 'Failed',
    message: `${message}${reasons(state.failed, state)}${hookReasons}`,
    deleteHooks: finishedHooks(state, 'HookFailed'),
  };
}

const wasRejected = (task: SyncTask, state: State): boolean =>
  state.results.get(task.key)?.status === 'SyncFailed';

/** Whether nothing at all was applied, as against some of a group. */
function isOnlyFailures(state: State): boolean {
  return [...state.results.values()].every((result) => result.status === 'SyncFailed');
}

const isFailure = (result: ResourceResult | undefined): boolean =>
  result?.hookPhase === 'Failed' || result?.hookPhase === 'Error';

function reasons(tasks: readonly SyncTask[], state: State): string {
  const messages = tasks
    .filter((task) => wasRejected(task, state))
    .map((task) => state.results.get(task.key)?.message ?? '')
    .filter((message) => message !== '');
  return messages.length === 0 ? '' : `, reason: ${messages.join(',')}`;
}

function succeed(state: State, message: string): NextStep {
  return {
    type: 'finish',
    phase: 'Succeeded',
    message,
    deleteHooks: finishedHooks(state, 'HookSucceeded'),
  };
}

function finishedHooks(state: State, policy: 'HookSucceeded' | 'HookFailed'): readonly SyncTask[] {
  return state.hooks.filter((task) => {
    const phase = state.results.get(task.key)?.hookPhase;
    return phase !== undefined && phase !== 'Running' && task.policies.has(policy);
  });
}

function runGroup(group: readonly SyncTask[], state: State, observed: Observed): NextStep {
  const prune = group.filter((task) => task.type === 'prune');
  const unapproved = prune.filter((task) => task.prune === 'confirm' && !observed.pruneApproved);
  if (unapproved.length > 0) return wait('pruning confirmation of', unapproved, false);
  const clear = group.filter(
    (task) =>
      task.type === 'hook' &&
      task.policies.has('BeforeHookCreation') &&
      observed.live(task.resource) !== undefined,
  );
  const apply = group.filter((task) => task.type !== 'prune' && !clear.includes(task));
  if (prune.length === 0 && apply.length === 0) {
    const going = clear.every(
      (task) => observed.live(task.resource)?.metadata.deletionTimestamp !== undefined,
    );
    if (going) return wait('deletion of hook', clear, true);
  }
  const final =
    state.pending.length === group.length && group.every((task) => task.type !== 'hook');
  return { type: 'run', prune, clear, apply, final };
}
