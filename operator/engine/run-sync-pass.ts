import type {
  Application,
  OperationPhase,
  OperationState,
  Project,
  ResourceResult,
} from '../core/app/types.ts';
import type { ComparedResource } from '../core/app/compared-resource.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { finishAfterFinalGroup, nextStep, type NextStep } from '../core/sync/next-step.ts';
import {
  hasUnstoredEnd,
  hooksToRelease,
  observeResults,
  observeSuccesses,
  type Observed,
} from '../core/sync/observe-results.ts';
import { parseSyncOptions } from '../core/sync/options.ts';
import type { SyncPlan, SyncTask, TaskKey } from '../core/sync/plan-sync.ts';
import { REFUSED_IN_DRY_RUN } from '../core/sync/preflight.ts';
import { hasUnstoredWaves, withPruneWaves } from '../core/sync/prune-waves.ts';
import type { Targets } from '../core/sync/prepare-targets.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { Clock } from '../ports/clock.ts';
import type { HealthJudge } from './health-judge.ts';
import type { EngineSettings } from './ports.ts';
import { planOperation, readResults } from './plan-operation.ts';
import { firstStep, forgetPreflight, preflight, type PreflightMemory } from './preflight.ts';
import { releaseHooks, removeHook } from './release-hooks.ts';
import { runGroup } from './run-group.ts';
import { stopOverdueHooks } from './stop-overdue-hooks.ts';

export interface SyncPassRequest {
  readonly app: Application;
  readonly project: Project;
  readonly cluster: Cluster;
  readonly settings: EngineSettings;
  readonly clock: Clock;
  readonly health: HealthJudge;
  readonly state: OperationState;
  readonly targets: Targets;
  readonly compared: readonly ComparedResource[];
  readonly revision: string;
  readonly preflight: PreflightMemory;
  /** What to apply when ignored parts are to stay as they are in live. */
  readonly respectIgnored: (
    target: KubeObject,
    live: KubeObject,
    signal: AbortSignal,
  ) => Promise<KubeObject>;
}

/** Where one pass left an operation. */
export interface SyncPass {
  readonly state: OperationState;
  /** `waiting`: until an object changes; `again`: after a pause; `finished`: over. */
  readonly next: 'waiting' | 'again' | 'finished';
  /** Whether anything was written to the cluster, so that the comparison is out of date. */
  readonly wrote: boolean;
  /** Whether other controllers should be given time before the next pass. */
  readonly pause: boolean;
  /** `waiting` only: when to look again though nothing changed, milliseconds since 1970. */
  readonly dueAtMs?: number | undefined;
}

/**
 * One pass of an operation: take in what happened meanwhile, then do the next thing there is to do.
 * At most one group of tasks runs in a pass, and the caller persists the returned state before the
 * next pass, so that a stop at any point resumes.
 */
export async function runSyncPass(
  request: SyncPassRequest,
  signal: AbortSignal,
): Promise<SyncPass> {
  const plan = planOperation(request);
  if (plan.problems.length > 0) return finish(request, plan, invalidPlan(plan), new Map());
  if (hasUnstoredWaves(plan, request.state.operation)) {
    const operation = withPruneWaves(request.state.operation, plan.pruneWaves);
    return goingOn({ ...request.state, operation });
  }
  const results = readResults(request.state);
  await prepareHealth(request, plan, signal);
  const observe = (): Observed => observed(request, results);
  const seen = observeResults(plan, observe());
  const found = await stopOverdueHooks(request.cluster, plan, seen, signal);
  for (const [key, result] of found) results.set(key, result);
  const stored = readResults(request.state);
  if (hasUnstoredEnd(plan, results, stored))
    return goingOn(running(request.state, results, request.state.message ?? ''));
  if (request.state.operation.sync?.dryRun !== true)
    await releaseHooks(request.cluster, hooksToRelease(plan, observe().live, stored), signal);
  const step = nextStep(plan, observe());
  switch (step.type) {
    case 'wait':
      return {
        state: running(request.state, results, step.message),
        next: 'waiting',
        wrote: false,
        pause: false,
        dueAtMs: step.dueAtMs,
      };
    case 'finish':
      await deleteHooks(request, step, signal);
      return finish(request, plan, step, results);
    case 'run': {
      const refused = await preflight(request, plan, step.apply, results, signal);
      if (refused.size > 0) {
        for (const [key, result] of refused) results.set(key, result);
        return finish(request, plan, refusedInDryRun(refused), results);
      }
      const part = firstStep(request, step);
      const done = await runGroup(request, part, signal);
      await prepareHealth(request, plan, signal);
      for (const [key, result] of done) results.set(key, result);
      for (const [key, result] of observeSuccesses(plan, observe())) results.set(key, result);
      const after = part.final ? finishAfterFinalGroup(plan, observe()) : nextStep(plan, observe());
      // A group with hooks is looked at once more, however fast they were.
      const isOver = after.type === 'finish' && (part.final || after.phase === 'Failed');
      if (isOver && !hasUnstoredEnd(plan, results, stored)) {
        await deleteHooks(request, after, signal);
        return { ...finish(request, plan, after, results), wrote: true };
      }
      const message = after.type === 'wait' ? after.message : 'waiting for the next wave';
      const pause =
        part === step && step.apply.some((task) => task.kind !== 'Namespace' || task.group !== '');
      return {
        state: running(request.state, results, message),
        next: 'again',
        wrote: true,
        pause,
      };
    }
  }
}

/** To be stored before the next step. */
const goingOn = (state: OperationState): SyncPass => ({
  state,
  next: 'again',
  wrote: false,
  pause: false,
});

/** Scripts judge the objects of the plan as they stand now. */
async function prepareHealth(
  { cluster, health }: SyncPassRequest,
  plan: SyncPlan,
  signal: AbortSignal,
): Promise<void> {
  const live = plan.tasks.flatMap(({ resource }) => cluster.live.get(resource) ?? []);
  await health.prepare(live, signal);
}

function observed(
  request: SyncPassRequest,
  results: ReadonlyMap<TaskKey, ResourceResult>,
): Observed {
  const { cluster, app, state, health } = request;
  const approved = app.metadata.annotations['argocd.argoproj.io/deletion-approved'];
  const startedAtMs = Date.parse(state.startedAt);
  return {
    results,
    live: (key) => cluster.live.get(key),
    health: health.of,
    pruneApproved: approved !== undefined && Date.parse(approved) >= startedAtMs,
    nowMs: request.clock.now(),
    parseTime: Date.parse,
  };
}

function invalidPlan(plan: SyncPlan): Finish {
  const messages = [...new Set(plan.problems.map((problem) => problem.message))].sort();
  return {
    type: 'finish',
    phase: 'Failed',
    message: `one or more synchronization tasks are not valid: ${messages.join('; ')}`,
    deleteHooks: [],
  };
}

function refusedInDryRun(refused: ReadonlyMap<TaskKey, ResourceResult>): Finish {
  const reasons = [...new Set([...refused.values()].map(({ message = '' }) => message))];
  return {
    type: 'finish',
    phase: 'Failed',
    message: `${REFUSED_IN_DRY_RUN}, reason: ${reasons.join(',')}`,
    deleteHooks: [],
  };
}

type Finish = Extract<NextStep, { type: 'finish' }>;

function finish(
  request: SyncPassRequest,
  plan: SyncPlan,
  step: Finish,
  results: Map<TaskKey, ResourceResult>,
): SyncPass {
  forgetPreflight(request.preflight);
  for (const { task, message } of plan.problems)
    results.set(task.key, {
      ...refused(task),
      message,
    });
  const finishedAt = timestamp(request.clock);
  const state = running(request.state, results, step.message);
  const syncResult = withNamespaceMetadata(request, step, state.syncResult);
  return {
    state: { ...state, phase: step.phase, finishedAt, syncResult },
    next: 'finished',
    wrote: false,
    pause: false,
  };
}

/** With what the destination namespace was given, so that a change of it alone is noticed. */
function withNamespaceMetadata(
  { app, state }: SyncPassRequest,
  { phase }: Finish,
  syncResult: OperationState['syncResult'],
): OperationState['syncResult'] {
  if (phase !== 'Succeeded' || state.operation.sync?.dryRun === true) return syncResult;
  const { managedNamespaceMetadata: _before, ...rest } = syncResult ?? {};
  const given = app.spec.syncPolicy?.managedNamespaceMetadata;
  return given === undefined ? rest : { ...rest, managedNamespaceMetadata: given };
}

function refused(task: SyncTask): ResourceResult {
  return {
    group: task.group,
    version: task.version,
    kind: task.kind,
    namespace: task.namespace,
    name: task.name,
    status: 'SyncFailed',
    hookPhase: 'Failed',
    syncPhase: task.phase,
  };
}

function running(
  state: OperationState,
  results: ReadonlyMap<TaskKey, ResourceResult>,
  message: string,
): OperationState {
  const syncResult = { ...state.syncResult, resources: [...results.values()] };
  return { ...state, message, syncResult };
}

async function deleteHooks(request: SyncPassRequest, step: Finish, signal: AbortSignal) {
  if (request.state.operation.sync?.dryRun === true) return;
  const { propagation } = parseSyncOptions(request.state.operation.sync?.syncOptions);
  for (const { resource } of step.deleteHooks) {
    const live = request.cluster.live.get(resource);
    if (live !== undefined) await removeHook(request.cluster, live, propagation, signal);
  }
}

/** Now, as Kubernetes writes times. */
export function timestamp(clock: Clock): string {
  return formatTime(clock.now());
}

/** RFC 3339 with whole seconds; `ms` since 1970. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function isCompleted(phase: OperationPhase): boolean {
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Error';
}
