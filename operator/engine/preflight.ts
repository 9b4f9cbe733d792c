import type { OperationState, ResourceResult } from '../core/app/types.ts';
import { redactSecrets } from '../core/diff/mask-secret.ts';
import { toTiphysError } from '../core/errors.ts';
import { resourceKey } from '../core/objects/kube-object.ts';
import { explainRefusal } from '../core/sync/explain-refusal.ts';
import { resultOf } from '../core/sync/observe-results.ts';
import type { SyncPlan, SyncTask, TaskKey } from '../core/sync/plan-sync.ts';
import {
  foundationsOf,
  isFoundation,
  isInconclusive,
  tasksToCheck,
} from '../core/sync/preflight.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { applyObject } from './apply-object.ts';
import { operationOptions } from './operation-options.ts';
import type { SyncPassRequest } from './run-sync-pass.ts';

/** Which tasks of an attempt the API server would take; lost without harm. */
export interface PreflightMemory {
  /** Names the attempt that `passed` is about. */
  attempt: string | undefined;
  passed: Set<TaskKey> | 'all';
}

export function createPreflightMemory(): PreflightMemory {
  return { attempt: undefined, passed: new Set() };
}

/** Another operation may begin within the same second. */
export function forgetPreflight(memory: PreflightMemory): void {
  memory.attempt = undefined;
}

/**
 * Asks the API server about the whole set before `next` is written, and returns what it refuses; empty
 * when the step may go on. What it took is remembered for the attempt. After a restart in the middle
 * of an attempt nothing is asked: what has been written was asked about before.
 */
export async function preflight(
  request: SyncPassRequest,
  plan: SyncPlan,
  next: readonly SyncTask[],
  results: ReadonlyMap<TaskKey, ResourceResult>,
  signal: AbortSignal,
): Promise<ReadonlyMap<TaskKey, ResourceResult>> {
  const refused = new Map<TaskKey, ResourceResult>();
  const { cluster, state, settings } = request;
  const passed = passedBefore(request.preflight, state, results);
  if (passed === 'all' || state.operation.sync?.dryRun === true) return refused;
  const options = operationOptions(state);
  const tasks = tasksToCheck({
    plan,
    next,
    options,
    isSettled: (key) => passed.has(key) || results.has(key),
    isServed: (task) => cluster.live.catalogue.find(task) !== undefined,
    hasNamespace: (name) =>
      cluster.live.get(resourceKey({ group: '', kind: 'Namespace', namespace: '', name })) !==
      undefined,
  });
  const refusals = await mapLimit(
    tasks,
    settings.applyParallelism,
    (task, stop) => refusalOf(request, task, plan, stop),
    signal,
  );
  refusals.forEach((message, index) => {
    const task = tasks[index];
    if (task === undefined) return;
    if (message === undefined) passed.add(task.key);
    else refused.set(task.key, resultOf(task, 'Failed', message));
  });
  return refused;
}

/** The step that goes before this one, so that more of the set can be checked; else this one. */
export function firstStep<T extends { readonly apply: readonly SyncTask[] }>(
  { preflight: { passed }, state }: SyncPassRequest,
  step: T,
): T {
  if (passed === 'all' || state.operation.sync?.dryRun === true) return step;
  const foundations = foundationsOf(step.apply);
  if (foundations === undefined) return step;
  return { ...step, prune: [], clear: [], apply: foundations, final: false };
}

/** `all`: the attempt has results that this process did not see come, so it asked before. */
function passedBefore(
  memory: PreflightMemory,
  { startedAt, retryCount = 0, syncResult }: OperationState,
  results: ReadonlyMap<TaskKey, ResourceResult>,
): Set<TaskKey> | 'all' {
  const revisions = syncResult?.revisions ?? [syncResult?.revision ?? ''];
  const attempt = [startedAt, retryCount, ...revisions].join();
  if (memory.attempt !== attempt) {
    memory.attempt = attempt;
    const begun = [...results.values()].some((result) => !isFoundation(result));
    memory.passed = begun ? 'all' : new Set();
  }
  return memory.passed;
}

async function refusalOf(
  request: SyncPassRequest,
  task: SyncTask,
  plan: SyncPlan,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { cluster, settings, state } = request;
  const { target, live } = task;
  if (target === undefined) return undefined;
  const options = operationOptions(state);
  try {
    const wanted =
      options.respectIgnoreDifferences && live !== undefined
        ? await request.respectIgnored(target, live, signal)
        : target;
    // The old object of a hook goes before the new one is made.
    const asNew =
      task.type === 'hook' && live !== undefined && task.policies.has('BeforeHookCreation');
    const { fieldManager } = settings;
    await applyObject(
      cluster,
      { target: wanted, live, options, fieldManager, dryRun: true, asNew, clock: request.clock },
      signal,
    );
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const refusal = toTiphysError(error);
    if (isInconclusive(refusal, plan)) return undefined;
    return redactSecrets(
      explainRefusal(refusal.message),
      live === undefined ? [target] : [target, live],
    );
  }
}
