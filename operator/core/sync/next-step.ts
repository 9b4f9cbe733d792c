import type { ResourceResult } from '../app/types.ts';
import type { ResourceKey } from '../objects/kube-object.ts';
import { dueAt } from './hook-deadline.ts';
import { hasEnded, type Observed } from './observe-results.ts';
import type { SyncPlan, SyncTask, TaskKey } from './plan-sync.ts';

export type NextStep =
  /** Carry out this group: prune, then delete old hooks or else apply; `final` when nothing has to be awaited after it. */
  | {
      readonly type: 'run';
      readonly prune: readonly SyncTask[];
      /** Hooks whose object from an earlier run must go first; while there are any, `apply` is empty. */
      readonly clear: readonly SyncTask[];
      readonly apply: readonly SyncTask[];
      readonly final: boolean;
    }
  /** Nothing to do until one of these objects changes, or their time is over. */
  | {
      readonly type: 'wait';
      readonly message: string;
      readonly on: readonly ResourceKey[];
      /** When the first of them is over its time, milliseconds since 1970; absent: none has one. */
      readonly dueAtMs?: number;
    }
  | {
      readonly type: 'finish';
      readonly phase: 'Succeeded' | 'Failed';
      readonly message: string;
      /** Hooks whose delete policy matches the outcome. */
      readonly deleteHooks: readonly SyncTask[];
    };

export const SYNCED_NOTHING_LEFT = 'successfully synced (no more tasks)';
export const SYNCED_ALL_RUN = 'successfully synced (all tasks run)';
const HOW_TO_APPROVE =
  'approve with the annotation argocd.argoproj.io/deletion-approved, set to the time of now, or raise tiphys.io/max-prune';
const GROUP_REJECTED = 'one or more objects failed to apply';
const TASKS_FAILED = 'one or more synchronization tasks completed unsuccessfully';

/**
 * What a sync does next. Pure: give it the plan and what is observed (with `observeResults` taken
 * in), carry out the answer, and ask again. The same state always gives the same answer, so a
 * restart between any two steps continues where the last one stopped.
 */
export function nextStep(plan: SyncPlan, observed: Observed): NextStep {
  const state = readState(plan, observed);
  if (state.failed.some((task) => wasRejected(task, state)) && state.syncFailPending.length > 0)
    return runGroup(state.syncFailPending, state, observed); // the siblings' health comes later
  const [first] = state.pending;
  const group = first === undefined ? [] : state.pending.filter((task) => sameGroup(task, first));
  const waiting = waitForRunning(state, plan, observed) ?? waitForDeletions(state, observed);
  if (waiting !== undefined) return waiting;
  if (state.failed.length > 0) return failingStep(state, observed);
  if (group.length === 0) return succeed(state, SYNCED_NOTHING_LEFT);
  return runGroup(group, state, observed);
}

const sameGroup = (left: SyncTask, right: SyncTask): boolean =>
  left.phase === right.phase && left.wave === right.wave;

/** The end of a sync whose last group needs no waiting. */
export function finishAfterFinalGroup(plan: SyncPlan, observed: Observed): NextStep {
  const state = readState(plan, observed);
  return state.failed.length > 0 ? nextStep(plan, observed) : succeed(state, SYNCED_ALL_RUN);
}

interface State {
  readonly tasks: readonly SyncTask[];
  readonly brake: string | undefined;
  readonly results: ReadonlyMap<TaskKey, ResourceResult>;
  readonly running: readonly SyncTask[];
  readonly failed: readonly SyncTask[];
  readonly pending: readonly SyncTask[];
  readonly pruned: readonly SyncTask[];
  readonly syncFail: readonly SyncTask[];
  readonly syncFailPending: readonly SyncTask[];
}

function readState(plan: SyncPlan, { results }: Observed): State {
  const phaseOf = (task: SyncTask) => results.get(task.key)?.hookPhase;
  const syncFail = plan.tasks.filter((task) => task.phase === 'SyncFail');
  const tasks = plan.tasks.filter((task) => task.phase !== 'SyncFail');
  return {
    tasks: plan.tasks,
    brake: plan.brake,
    results,
    running: plan.tasks.filter((task) => phaseOf(task) === 'Running'),
    failed: tasks.filter((task) => phaseOf(task) === 'Failed' || phaseOf(task) === 'Error'),
    pending: tasks.filter((task) => !results.has(task.key)),
    pruned: plan.tasks.filter((task) => results.get(task.key)?.status === 'Pruned'),
    syncFail,
    syncFailPending: syncFail.filter((task) => !results.has(task.key)),
  };
}

/** Hooks are always awaited; resources only with them, or when a sync has several groups. */
function waitForRunning(state: State, plan: SyncPlan, observed: Observed): NextStep | undefined {
  const first = plan.tasks[0];
  const last = plan.tasks.at(-1);
  const multiStep = first?.phase !== last?.phase || first?.wave !== last?.wave;
  const hooks = state.running.filter((task) => task.type === 'hook');
  if (state.running.length === 0 || (hooks.length === 0 && !multiStep)) return undefined;
  if (hooks.length === 0) return wait('healthy state of', state.running);
  const resources = state.running.filter((task) => task.type !== 'hook');
  const waiting = wait('completion of hook', [...hooks, ...resources]);
  const due = hooks.flatMap(({ deadline, resource }) => {
    const live = observed.live(resource);
    return (live && dueAt(deadline, live, observed.parseTime)) ?? [];
  });
  return due.length === 0 ? waiting : { ...waiting, dueAtMs: Math.min(...due) };
}

function waitForDeletions(state: State, observed: Observed): NextStep | undefined {
  const terminating = state.pruned.filter(
    (task) => observed.live(task.resource)?.metadata.deletionTimestamp !== undefined,
  );
  return terminating.length === 0 ? undefined : wait('deletion of', terminating);
}

function wait(what: string, tasks: readonly SyncTask[]): Extract<NextStep, { type: 'wait' }> {
  const [first, ...others] = tasks;
  const name = first === undefined ? '' : `${first.group}/${first.kind}/${first.name}`;
  const onlyHooks = tasks.every((task) => task.type === 'hook');
  const more =
    others.length === 0 ? '' : ` and ${others.length} more ${onlyHooks ? 'hooks' : 'resources'}`;
  return {
    type: 'wait',
    message: `waiting for ${what} ${name.replace(/^\//, '')}${more}`,
    on: tasks.map((task) => task.resource),
  };
}

function failingStep(state: State, observed: Observed): NextStep {
  if (state.syncFailPending.length > 0) return runGroup(state.syncFailPending, state, observed);
  const hooksFailed = state.syncFail.filter((task) => isFailure(state.results.get(task.key)));
  const hookReasons =
    hooksFailed.length === 0
      ? ''
      : `\none or more SyncFail hooks failed${reasons(hooksFailed, state)}`;
  const message =
    state.syncFail.length === 0 && isGroupRejected(state) ? GROUP_REJECTED : TASKS_FAILED;
  return {
    type: 'finish',
    phase: 'Failed',
    message: `${message}${reasons(state.failed, state)}${hookReasons}`,
    deleteHooks: finishedHooks(state, 'HookFailed'),
  };
}

/** Not taken by the API server, or gone since; as against taken and failed. */
const wasRejected = (task: SyncTask, state: State): boolean =>
  state.results.get(task.key)?.status === 'SyncFailed';

/** Whether nothing of the group that failed was applied, as against some of it. */
function isGroupRejected(state: State): boolean {
  const [first] = state.failed;
  return state.tasks
    .filter((task) => first !== undefined && sameGroup(task, first))
    .map((task) => state.results.get(task.key))
    .every((result) => result?.status !== 'Synced' && result?.hookPhase !== 'Error');
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
  return state.tasks.filter(
    (task) =>
      task.type === 'hook' && task.policies.has(policy) && hasEnded(state.results.get(task.key)),
  );
}

function runGroup(group: readonly SyncTask[], state: State, observed: Observed): NextStep {
  const prune = group.filter((task) => task.type === 'prune');
  const isTerminating = (task: SyncTask) =>
    observed.live(task.resource)?.metadata.deletionTimestamp !== undefined;
  const unapproved = prune.filter(
    (task) => task.prune === 'confirm' && !observed.pruneApproved && !isTerminating(task),
  );
  if (unapproved.length > 0) {
    const waiting = wait('pruning confirmation of', unapproved);
    if (state.brake === undefined) return waiting;
    return { ...waiting, message: `${waiting.message}: ${state.brake}; ${HOW_TO_APPROVE}` };
  }
  const clear = group.filter(
    (task) =>
      task.type === 'hook' &&
      task.policies.has('BeforeHookCreation') &&
      observed.live(task.resource) !== undefined,
  );
  // Nothing is applied before: the rest of the group may depend on the new hooks.
  if (clear.length > 0) {
    const standing = clear.filter((task) => !isTerminating(task));
    if (prune.length === 0 && standing.length === 0) return wait('deletion of hook', clear);
    return { type: 'run', prune, clear: standing, apply: [], final: false };
  }
  const apply = group.filter((task) => task.type !== 'prune');
  // Hooks of the group that ran already count: before a restart they were part of it.
  const [first] = group;
  const hasHooks = state.tasks.some(
    (task) => task.type === 'hook' && first !== undefined && sameGroup(task, first),
  );
  const final = state.pending.length === group.length && !hasHooks;
  return { type: 'run', prune, clear, apply, final };
}
