import type { AppKey } from '../core/app/app-key.ts';
import { instanceName } from '../core/app/names.ts';
import {
  higherLevel,
  refreshNeeded,
  type RefreshLevel,
  type RefreshNeed,
} from '../core/app/refresh.ts';
import { sourcesOf } from '../core/app/sources.ts';
import type { Application, OperationState, Project } from '../core/app/types.ts';
import { wantsSomethingElse } from '../core/app/wants-something-else.ts';
import { toTiphysError, withHint } from '../core/errors.ts';
import { jsonEqual, type JsonValue } from '../core/objects/json.ts';
import { hasLocalManifests, refuseLocalManifests } from '../core/sync/local-manifests.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { ReconcileOutcome } from '../runtime/controller.ts';
import { actAs } from './act-as.ts';
import { admit, type Admission } from './admit.ts';
import type { AppMemory } from './app-memory.ts';
import { afterWindow, checkWindows, heldByWindow, type Windows } from './check-windows.ts';
import { countRequests } from './count-requests.ts';
import { forgetHeals } from './hold-back.ts';
import { keepHookFinalizers } from './keep-hook-finalizers.ts';
import { loadState, type LoadedState, type LoadRequest } from './load-state.ts';
import {
  type CurrentOperation,
  currentOperation,
  isBegun,
  levelAfter,
  operationSources,
} from './operation.ts';
import { again, DONE, type Engine } from './pass.ts';
import { holdOperation, proceed } from './proceed.ts';
import { removeApplication } from './remove-application.ts';
import { reportComparisonError, reportLoadFailure, reportRefusal } from './report-failure.ts';
import { beginOrResume, unwrittenOf } from './resume-operation.ts';
import { timestamp } from './run-sync-pass.ts';
import { supersedeOperation } from './supersede-operation.ts';
import { terminateOperation } from './terminate-operation.ts';
import { resyncPeriod, untilResync, untilWatched, untilWindow, withComparison } from './timing.ts';

type Admitted = Extract<Admission, { type: 'admitted' }>;

const DELETION_POLL_MS = 5_000;
/** By then the watch has told that the request is gone, or what somebody else wrote. */
const REQUEST_POLL_MS = 100;

/** One pass over an application that could be parsed and is ours to work on. */
export async function reconcileApplication(
  key: AppKey,
  app: Application,
  engine: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const { ports, settings, memories, reporter } = engine;
  const memory = memories.of(key);
  const operation = currentOperation(app);
  const idle = operation.type === 'none' || operation.type === 'requested';
  const isGoing = app.metadata.deletionTimestamp !== undefined;
  if (isGoing && (idle || isBetweenAttempts(operation))) {
    const waitMs = ports.apps.inOneWrite ? untilWatched(app, ports.clock.now()) : 0;
    if (waitMs > 0) return again(waitMs);
    const removed = await removeApplication(key, app, engine, signal);
    if (removed.type === 'gone') return DONE;
    await reporter.deletion(key, removed.app, removed.conditions, signal);
    return again(removed.afterMs ?? DELETION_POLL_MS);
  }
  if (!idle && !ports.apps.inOneWrite && isBegun(app)) {
    // Before anything else is done: it would be taken for another one when this is over.
    await reporter.report(key, app, app.status, signal);
    return again(REQUEST_POLL_MS);
  }
  const need = needOf(app, memory, engine);
  if (need.level === 'none' && operation.type === 'none')
    return again(untilResync(app, memory, settings, ports.clock.now()));
  memory.requested = 'none';
  memory.onlyMoved = false;
  memory.calm = undefined;
  const admission = admit(app, ports, settings);
  if (admission.type === 'refused') {
    memory.windowChangeMs = undefined;
    return reportRefusal(key, app, admission.conditions, engine, signal);
  }
  const windows = checkWindows(app, admission.project, ports);
  memory.windowChangeMs = windows.automated.changesMs;
  if (operation.type === 'terminating' || (operation.type === 'running' && isGoing)) {
    const where = { ...admission, aside: engine.aside };
    const ended = await terminateOperation(app, operation.state, where, ports, signal);
    return reportEnd(key, app, ended, engine, signal);
  }
  return compareAndProceed({ key, app, memory, need, admission, windows }, engine, signal);
}

/** Whether an operation has failed and waits for its next attempt, of which nothing runs. */
const isBetweenAttempts = (operation: CurrentOperation): boolean =>
  operation.type === 'running' && operation.state.finishedAt !== undefined;

/** How closely to look, with what was asked for since the last pass. */
function needOf(app: Application, memory: AppMemory, { ports, settings }: Engine): RefreshNeed {
  const nowMs = ports.clock.now();
  if (untilWindow(memory, nowMs) === 0) memory.requested = higherLevel(memory.requested, 'recent');
  return refreshNeeded(withComparison(app, memory), {
    nowMs,
    resyncMs: resyncPeriod(memory, settings),
    hardResyncMs: settings.hardResyncMs,
    requested: memory.requested,
    parseTime: Date.parse,
  });
}

/** An operation that was stopped: what Git wants now comes next. */
async function reportEnd(
  key: AppKey,
  app: Application,
  ended: OperationState,
  { reporter, memories }: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  await reporter.report(key, app, { ...app.status, operationState: ended }, signal);
  memories.of(key).requested = levelAfter(ended);
  return again(0);
}

interface AdmittedPass {
  readonly key: AppKey;
  readonly app: Application;
  readonly memory: AppMemory;
  readonly need: RefreshNeed;
  readonly admission: Admitted;
  readonly windows: Windows;
}

/** Connects, ends what a newer revision supersedes, loads both sides, and goes on with them. */
async function compareAndProceed(
  pass: AdmittedPass,
  engine: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const { key, app, memory, need, admission, windows } = pass;
  const { ports, settings } = engine;
  let acting: { readonly cluster: Cluster; readonly refusal: string | undefined };
  try {
    const { server } = admission.destination;
    const connected = await engine.aside(() => ports.clusters.connect(server, signal));
    acting = actAs(connected, app, admission.project, ports);
  } catch (error) {
    signal.throwIfAborted();
    const message = `Failed to load live state: ${withHint(toTiphysError(error))}`;
    return reportComparisonError({ ...pass, message }, engine, signal);
  }
  const cluster = countRequests(acting.cluster, app, ports.metrics);
  const operation = currentOperation(app);
  if (operation.type === 'requested') forgetHeals(memory.heals);
  const begun = beginOrResume(app, operation, ports.clock) ?? unwrittenOf(app, operation, memory);
  const request = loadRequest(pass, cluster, begun, engine);
  if (operation.type === 'running' && looksForNew(app, need, windows)) {
    const newest = { sources: admission.sources, revisions: knownRevisions(app, 'latest') };
    const wanted = { ...request, ...newest };
    const ended = await supersedeOperation(operation.state, wanted, admission, ports, signal);
    if (ended !== undefined) {
      const outcome = await reportEnd(key, app, ended, engine, signal);
      memory.nextWaveAtMs = 0; // a pause of what has ended
      return outcome;
    }
  }
  let loaded: LoadedState;
  try {
    loaded = await loadState(request, ports, settings, signal);
  } catch (error) {
    signal.throwIfAborted();
    return reportLoadFailure({ ...pass, error, level: need.level }, engine, signal);
  }
  memory.failingSinceMs = undefined;
  memory.failures = 0;
  // Git, or a program, may have taken long.
  if (wantsSomethingElse(app.raw, ports.apps.get(key)) || !isStillAdmitted(pass, engine)) {
    memory.requested = higherLevel(memory.requested, need.level);
    return again(0);
  }
  const { refusal } = acting;
  const { hooks } = loaded.targets;
  const kept = await keepHookFinalizers(key, app, hooks, begun, ports, signal);
  const full = { key, app: kept, memory, request, loaded, need, windows, refusal };
  if (begun === undefined || operation.type === 'none')
    return proceed({ ...full, begun }, engine, signal);
  const window = windows.operation(begun);
  if (window.type === 'blocked')
    return holdOperation({ ...full, begun: heldByWindow(begun, window.message) }, engine, signal);
  const resumed = afterWindow(begun, timestamp(ports.clock));
  return proceed({ ...full, begun: resumed }, engine, signal);
}

/** Whether the application may still do what it might when the pass began. */
function isStillAdmitted(
  { app, admission, windows }: AdmittedPass,
  { ports, settings }: Engine,
): boolean {
  const now = admit(app, ports, settings);
  return (
    now.type === 'admitted' &&
    now.destination.server === admission.destination.server &&
    isSameProject(now.project, admission.project) &&
    checkWindows(app, now.project, ports).automated.changesMs === windows.automated.changesMs
  );
}

function isSameProject(left: Project, right: Project): boolean {
  if (left === right) return true;
  return jsonEqual(left.spec as unknown as JsonValue, right.spec as unknown as JsonValue);
}

/** What to load: what an operation is pinned to, else what the spec says. */
function loadRequest(
  { app, memory, need, admission }: AdmittedPass,
  cluster: Cluster,
  begun: OperationState | undefined,
  { settings, health, aside }: Engine,
): LoadRequest {
  const wanted =
    begun === undefined
      ? { sources: admission.sources, revisions: knownRevisions(app, need.level) }
      : operationSources(begun, admission.sources);
  const operation = begun?.operation ?? {};
  const isRefused = refuseLocalManifests(app, operation, admission.project) !== undefined;
  const isLocal = hasLocalManifests(operation.sync) && !isRefused;
  return {
    app,
    localManifests: isLocal ? (operation.sync?.manifests ?? undefined) : undefined,
    instance: instanceName(app.metadata, settings.namespace),
    project: admission.project,
    cluster,
    ...wanted,
    freshRevisions: need.level === 'forced' || currentOperation(app).type === 'requested',
    freshManifests: need.type === 'hard',
    memory,
    health,
    aside,
  };
}

/** Whether a newer revision would be synced by itself, and it is time to look for one. */
function looksForNew(app: Application, { level }: RefreshNeed, windows: Windows): boolean {
  const automated = app.spec.syncPolicy?.automated;
  return (
    (level === 'latest' || level === 'forced') &&
    automated !== undefined &&
    automated.enabled !== false &&
    app.metadata.deletionTimestamp === undefined &&
    windows.automated.type !== 'blocked'
  );
}

/** Live events reuse the revisions that were compared last; everything else resolves them. */
function knownRevisions(app: Application, level: RefreshLevel): readonly string[] {
  const count = sourcesOf(app.spec).length;
  const { revision, revisions } = app.status.sync ?? {};
  const known = level === 'recent' || level === 'none' ? (revisions ?? [revision ?? '']) : [];
  return Array.from({ length: count }, (_, index) => known[index] ?? '');
}
