import { setConditions } from '../core/app/conditions.ts';
import { decideDependencies } from '../core/app/depends-on.ts';
import { instanceName, isProcessed } from '../core/app/names.ts';
import { parseApplication } from '../core/app/parse.ts';
import {
  higherLevel,
  refreshNeeded,
  type RefreshLevel,
  type RefreshNeed,
} from '../core/app/refresh.ts';
import { sourcesOf } from '../core/app/sources.ts';
import type { Application, OperationState } from '../core/app/types.ts';
import { isWorthWriting } from '../core/app/worth-writing.ts';
import { hasCode, type TiphysError, toTiphysError } from '../core/errors.ts';
import { beginRetry, retryDueAt } from '../core/sync/retry.ts';
import type { AppKey } from '../core/app/app-key.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { ReconcileOutcome } from '../runtime/controller.ts';
import { actAs } from './act-as.ts';
import { admit, type NewCondition } from './admit.ts';
import { createAppMemories, type AppMemory, type Calm } from './app-memory.ts';
import { afterWindow, checkWindows, heldByWindow, type Windows } from './check-windows.ts';
import { countRequests } from './count-requests.ts';
import { decideNext, type NextDecision } from './decide-next.ts';
import { endedPass, type Hindrance, hindranceOf } from './hindrance.ts';
import { createHealthJudge } from './health-judge.ts';
import { forgetHeals, recordHeals } from './hold-back.ts';
import {
  compareTargets,
  loadState,
  manifestRequest,
  type LoadedState,
  type LoadRequest,
} from './load-state.ts';
import { beginOperation, currentOperation, operationSources, pinRevisions } from './operation.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';
import { respectIgnoredParts } from './respect-ignored-parts.ts';
import { removeApplication } from './remove-application.ts';
import { createReporter, type Report } from './report.ts';
import { runSyncPass, timestamp, type SyncPass } from './run-sync-pass.ts';
import { settleOperation } from './settle-operation.ts';
import { comparedStatus, failedStatus } from './status.ts';
import { supersedeOperation } from './supersede-operation.ts';
import { terminateOperation } from './terminate-operation.ts';
import { countOrphans, orphanConditions } from './watch-orphans.ts';

/**
 * The life of an Application: compare, decide, sync, report. Level-based: every pass looks at the
 * object, Git and the cluster as they are, does the next thing there is to do, and writes what it
 * found. A pass never waits for health or time; it asks to be called again.
 */
export interface Reconciler {
  /**
   * One pass over one application. Errors: only what stopped the pass from being reported, such as
   * an unreachable API server; everything else is in the application's status.
   */
  reconcile(key: AppKey, signal: AbortSignal): Promise<ReconcileOutcome>;
  /** Asks that the next pass looks at least this closely. */
  request(key: AppKey, level: RefreshLevel): void;
  /** Objects in its namespace that nobody manages, as of the last comparison; absent when its project does not ask. */
  orphans(key: AppKey): number | undefined;
  /** Tells that a repository of this application moved, and nothing else is known to have changed. */
  moved(key: AppKey): void;
}

/** Of what a failure is told. */
interface Failing {
  readonly memory: AppMemory;
  readonly windows: Windows;
}

const DONE: ReconcileOutcome = { type: 'done' };
const again = (afterMs: number): ReconcileOutcome => ({ type: 'requeue', afterMs });

/** How long a pass waits at the most for an event that should come by itself. */
const OPERATION_POLL_MS = 30_000;
const DELETION_POLL_MS = 5_000;
/** By then the watch has told what somebody else wrote. */
const CONFLICT_RETRY_MS = 100;

/** Builds the reconciler; it holds no resources and needs no closing. */
export function createReconciler(ports: EnginePorts, settings: EngineSettings): Reconciler {
  const memories = createAppMemories(ports.random);
  const reporter = createReporter(ports);
  const health = createHealthJudge(ports.scripts, ports.resources);

  async function reconcile(key: AppKey, signal: AbortSignal): Promise<ReconcileOutcome> {
    const raw = ports.apps.get(key);
    if (raw === undefined) {
      memories.forget(key);
      return DONE;
    }
    if (await isUntouched(key, raw, signal)) {
      const memory = memories.of(key);
      return again(Math.min(resyncPeriod(memory), untilWindow(memory)));
    }
    const parsed = parseApplication(raw);
    if (parsed.type === 'invalid') {
      await reporter.invalid(key, raw, parsed.problems, signal);
      return DONE;
    }
    const app = parsed.application;
    if (!isProcessed(app, settings)) return DONE;
    const memory = memories.of(key);
    const asked = memory.requested;
    try {
      return await reconcileApplication(key, app, signal);
    } catch (error) {
      // Nothing may be lost by a pass that could not report: the next one looks at least as closely.
      memory.requested = higherLevel(memory.requested, higherLevel(asked, 'recent'));
      if (!hasCode(error, 'KubeConflict')) throw error;
      ports.logger.debug({ app: key }, 'somebody wrote to the application meanwhile; once more');
      return again(CONFLICT_RETRY_MS);
    }
  }

  /**
   * Whether its repository moved, nothing that it reads did, and nothing else happened: one look at
   * the table of refs and at the tree, so that a commit is work for the applications it touches.
   */
  async function isUntouched(key: AppKey, raw: KubeObject, signal: AbortSignal): Promise<boolean> {
    const memory = memories.of(key);
    const { calm } = memory;
    if (!memory.onlyMoved || memory.requested !== 'latest' || settings.hardResyncMs > 0)
      return false;
    if (calm === undefined || calm.resourceVersion !== raw.metadata.resourceVersion) return false;
    try {
      const { objects, revisions } = await ports.manifests.manifests(calm.request, signal);
      // Meanwhile something else may have been asked for.
      if (objects !== calm.objects || !memory.onlyMoved) return false;
      memory.comparedRevisions = revisions;
    } catch {
      signal.throwIfAborted();
      return false; // the pass that follows meets the same failure, and reports it
    }
    memory.requested = 'none';
    memory.onlyMoved = false;
    memory.comparedAt = timestamp(ports.clock);
    return true;
  }

  async function reconcileApplication(
    key: AppKey,
    app: Application,
    signal: AbortSignal,
  ): Promise<ReconcileOutcome> {
    const memory = memories.of(key);
    const operation = currentOperation(app);
    const idle = operation.type === 'none' || operation.type === 'requested';
    if (app.metadata.deletionTimestamp !== undefined && idle) {
      const removed = await removeApplication(key, app, ports, settings, signal);
      if (removed.type === 'gone') return DONE;
      await reporter.deletion(key, app, removed.conditions, signal);
      return again(DELETION_POLL_MS);
    }
    if (untilWindow(memory) === 0) memory.requested = higherLevel(memory.requested, 'recent');
    const need = refreshNeeded(withComparison(app, memory), {
      nowMs: ports.clock.now(),
      resyncMs: resyncPeriod(memory),
      hardResyncMs: settings.hardResyncMs,
      requested: memory.requested,
      parseTime: Date.parse,
    });
    if (need.level === 'none' && operation.type === 'none') return again(untilResync(app, memory));
    memory.requested = 'none';
    memory.onlyMoved = false;
    memory.calm = undefined;
    const admission = admit(app, ports, settings);
    if (admission.type === 'refused') {
      memory.windowChangeMs = undefined;
      const state = failOperation(app, admission.conditions);
      await reporter.report(
        key,
        app,
        failedStatus(app, admission.conditions, state, timestamp(ports.clock)),
        signal,
      );
      return again(settings.resyncMs);
    }
    const windows = checkWindows(app, admission.project, ports);
    memory.windowChangeMs = windows.automated.changesMs;
    if (operation.type === 'terminating') {
      const state = await terminateOperation(
        app,
        operation.state,
        { destination: admission.destination, project: admission.project },
        ports,
        signal,
      );
      await reporter.report(key, app, { ...unchanged(app), operationState: state }, signal);
      memory.requested = 'latest';
      return again(0);
    }
    let cluster: Cluster;
    let refusal: string | undefined;
    try {
      const { server } = admission.destination;
      const connected = await ports.clusters.connect(server, signal);
      const acting = actAs(connected, app, admission.project, ports);
      cluster = countRequests(acting.cluster, app, ports.metrics);
      ({ refusal } = acting);
    } catch (error) {
      signal.throwIfAborted();
      const message = `Failed to load live state: ${toTiphysError(error).message}`;
      const condition = { type: 'ComparisonError', message };
      return failComparison(key, app, { memory, windows, condition }, signal);
    }
    if (operation.type === 'requested') forgetHeals(memory.heals);
    const begun = beginOrResume(app, operation) ?? unwrittenOf(app, operation, memory);
    const wanted =
      begun === undefined
        ? { sources: admission.sources, revisions: knownRevisions(app, need.level) }
        : operationSources(begun, admission.sources);
    const request: LoadRequest = {
      app,
      instance: instanceName(app.metadata, settings.namespace),
      project: admission.project,
      cluster,
      ...wanted,
      freshRevisions: need.level === 'forced' || operation.type === 'requested',
      freshManifests: need.type === 'hard',
      memory,
      health,
    };
    if (operation.type === 'running' && looksForNew(app, need, windows)) {
      const newest = { sources: admission.sources, revisions: knownRevisions(app, 'latest') };
      const ended = await supersedeOperation(
        operation.state,
        { ...request, ...newest },
        admission,
        ports,
        signal,
      );
      if (ended !== undefined) {
        await reporter.report(key, app, { ...unchanged(app), operationState: ended }, signal);
        memory.requested = 'latest';
        memory.nextWaveAtMs = 0; // a pause of what has ended
        return again(0);
      }
    }
    let loaded: LoadedState;
    try {
      loaded = await loadState(request, ports, settings, signal);
    } catch (error) {
      signal.throwIfAborted();
      return loadFailure(key, app, { memory, windows, error, level: need.level }, signal);
    }
    memory.failingSinceMs = undefined;
    memory.failures = 0;
    const pass = { key, app, memory, request, loaded, need, windows, refusal };
    if (begun === undefined || operation.type === 'none')
      return proceed({ ...pass, begun }, signal);
    const window = windows.operation(begun);
    if (window.type === 'blocked')
      return holdOperation({ ...pass, begun: heldByWindow(begun, window.message) }, signal);
    return proceed({ ...pass, begun: afterWindow(begun, timestamp(ports.clock)) }, signal);
  }

  interface Pass {
    readonly key: AppKey;
    readonly app: Application;
    readonly memory: AppMemory;
    readonly request: LoadRequest;
    readonly loaded: LoadedState;
    readonly begun: OperationState | undefined;
    readonly need: RefreshNeed;
    readonly windows: Windows;
    /** Why nothing may be written. */
    readonly refusal: string | undefined;
  }

  /** An operation that a sync window is against waits; the comparison is reported all the same. */
  async function holdOperation(
    pass: Pass & { readonly begun: OperationState },
    signal: AbortSignal,
  ): Promise<ReconcileOutcome> {
    const { key, app, memory, loaded, begun } = pass;
    const now = timestamp(ports.clock);
    const status = comparedStatus(statusInput(pass, loaded.compared, now, begun), settings);
    if (app.operation !== undefined || isWorthWriting(app.status, status, { ignoreRevision: true }))
      await reporter.report(key, app, status, signal);
    if (pass.need.level !== 'recent') memory.comparedAt = now;
    return again(untilResync(app, memory));
  }

  /** With desired and live state at hand: decide, do one step, report. */
  async function proceed(pass: Pass, signal: AbortSignal): Promise<ReconcileOutcome> {
    const { key, app, memory, request, loaded } = pass;
    const now = timestamp(ports.clock);
    const before = comparedStatus(statusInput(pass, loaded.compared, now, pass.begun), settings);
    const decision = decideNext(app, before, loaded, pass.begun, {
      nowMs: ports.clock.now(),
      selfHeal: settings.selfHeal,
      windows: pass.windows.automated,
      dependencies: () =>
        decideDependencies({
          app,
          revisions: loaded.manifests.revisions,
          find: ports.apps.get,
          comparedRevisions: (other) => memories.of(other).comparedRevisions,
        }),
    });
    memory.comparedRevisions = loaded.manifests.revisions;
    if (decision.type === 'idle') {
      const status = withSyncError(before, decision, now);
      const ignoreRevision = pass.need.reason === 'Event';
      const stored =
        pass.need.reason === 'RefreshRequested' ||
        isWorthWriting(app.status, status, { ignoreRevision })
          ? await reporter.report(key, app, status, signal)
          : app.raw;
      if (status.sync?.status === 'Synced' && decision.retryAfterMs === undefined)
        memory.calm = calmOf(request, loaded, stored);
      if (pass.need.level !== 'recent') memory.comparedAt = now;
      if (decision.retryAfterMs !== undefined)
        memory.requested = higherLevel(memory.requested, 'recent');
      return again(Math.min(decision.retryAfterMs ?? Infinity, untilResync(app, memory)));
    }
    if (decision.operation.sync?.autoHealAttemptsCount !== undefined && pass.begun === undefined) {
      const healed = loaded.compared.filter(({ held }) => held === undefined);
      recordHeals(healed, memory.heals, ports.clock.monotonic(), settings);
    }
    const started = pass.begun ?? beginOperation(app, decision.operation, now);
    const state = pinRevisions(started, loaded.manifests.revisions);
    if (memory.nextWaveAtMs > ports.clock.monotonic())
      return again(memory.nextWaveAtMs - ports.clock.monotonic());
    const written = app.status.operationState;
    // Names of hooks depend on when it began, so that has to be stored first.
    const isKnown = written?.phase === 'Running' && written.startedAt === state.startedAt;
    const stored =
      pass.begun === undefined || !isKnown ? await announce(pass, state, loaded, now, signal) : app;
    if (stored === undefined) return again(0);
    // A pass that cannot write its outcome is taken up again: the objects alone do not tell of it.
    const { uid } = app.metadata;
    memory.unwritten = stored === app && !isStored(app, state) ? { uid, state } : undefined;
    const hindrance: Hindrance | undefined =
      pass.refusal === undefined
        ? hindranceOf(state, loaded.conditions)
        : { phase: 'Error', message: pass.refusal };
    const ran =
      hindrance === undefined
        ? await step(stored, request, state, loaded, signal)
        : endedPass(state, hindrance, now);
    const settled = settleOperation(ran, {
      nowMs: ports.clock.now(),
      timeoutMs: settings.syncTimeoutMs,
    });
    const compared = ran.wrote
      ? await compareTargets(request, loaded.targets, ports, settings, signal)
      : loaded.compared;
    const after = comparedStatus(
      statusInput({ ...pass, app: stored }, compared, timestamp(ports.clock), settled.state),
      settings,
    );
    await reporter.report(key, stored, after, signal);
    memory.unwritten = undefined;
    const pauseMs = ran.pause ? settings.waveDelayMs : 0;
    if (ran.next === 'again') memory.nextWaveAtMs = ports.clock.monotonic() + pauseMs;
    // What was pushed meanwhile goes unnoticed, for the revision is pinned: it is looked for afterwards.
    if (pass.begun !== undefined && pass.need.level === 'forced') memory.requested = 'forced';
    if (settled.type === 'finished') {
      memory.requested = higherLevel(memory.requested, 'latest');
      return again(0);
    }
    return again(ran.next === 'again' ? pauseMs : (settled.afterMs ?? OPERATION_POLL_MS));
  }

  /**
   * Writes that an operation has begun, before anything is done for it. Small automated syncs that
   * one pass completes are not announced: should it be cut off, the same decision is made again.
   */
  async function announce(
    pass: Pass,
    state: OperationState,
    loaded: LoadedState,
    now: string,
    signal: AbortSignal,
  ): Promise<Application | undefined> {
    const automated = state.operation.initiatedBy?.automated === true;
    reporter.started(pass.app, state);
    if (automated && pass.app.operation === undefined && isSmall(loaded)) return pass.app;
    const status = comparedStatus(statusInput(pass, loaded.compared, now, state), settings);
    const stored = await reporter.report(pass.key, pass.app, status, signal);
    const parsed = parseApplication(stored);
    return parsed.type === 'ok' ? parsed.application : undefined;
  }

  function step(
    app: Application,
    request: LoadRequest,
    state: OperationState,
    loaded: LoadedState,
    signal: AbortSignal,
  ): Promise<SyncPass> {
    return runSyncPass(
      {
        app,
        project: request.project,
        cluster: request.cluster,
        settings,
        clock: ports.clock,
        health,
        state,
        targets: loaded.targets,
        compared: loaded.compared,
        revision: loaded.manifests.revisions[0] ?? '',
        preflight: request.memory.preflight,
        respectIgnored: (target, live, stop) =>
          respectIgnoredParts(
            target,
            live,
            { app, cluster: request.cluster, memory: request.memory.compare.ignored, ports },
            stop,
          ),
      },
      signal,
    );
  }

  function statusInput(
    pass: Pass,
    compared: LoadedState['compared'],
    now: string,
    operationState: OperationState | undefined,
  ) {
    const { app, loaded, request, need } = pass;
    const withReasons = reporter.keepsReasons;
    const orphans = countOrphans(request, compared, ports, settings);
    pass.memory.orphans = orphans;
    const further = [...pass.windows.conditions, ...orphanConditions(request.project, orphans)];
    const found = { app, loaded, request, compared, now, operationState, further };
    return { ...found, level: need.level, withReasons };
  }

  function beginOrResume(
    app: Application,
    operation: ReturnType<typeof currentOperation>,
  ): OperationState | undefined {
    if (operation.type === 'running') {
      if (operation.state.finishedAt === undefined) return operation.state;
      const due = retryDueAt(operation.state, Date.parse);
      return due === undefined || due <= ports.clock.now()
        ? beginRetry(operation.state)
        : undefined;
    }
    if (operation.type === 'requested')
      return beginOperation(app, operation.operation, timestamp(ports.clock));
    return undefined;
  }

  async function loadFailure(
    key: AppKey,
    app: Application,
    {
      error,
      level,
      ...failing
    }: Failing & { readonly error: unknown; readonly level: RefreshLevel },
    signal: AbortSignal,
  ): Promise<ReconcileOutcome> {
    const { memory } = failing;
    const nowMs = ports.clock.monotonic();
    memory.failingSinceMs ??= nowMs;
    memory.failures += 1;
    // Until the first load after a refusal the status has nothing that is worth keeping.
    const isRefusal = (app.status.conditions ?? []).some((c) => c.type === 'InvalidSpecError');
    const tolerated = !isRefusal && nowMs - memory.failingSinceMs < settings.repoErrorGraceMs;
    const operation = currentOperation(app);
    if (level !== 'forced' && tolerated && operation.type === 'none') {
      memory.requested = higherLevel(memory.requested, level);
      return again(retryDelay(memory));
    }
    const failure = toTiphysError(error);
    const state = isAboutCluster(failure) ? 'live' : 'target';
    const message = `Failed to load ${state} state: ${failure.message}`;
    ports.logger.warn({ app: key, err: failure }, 'state not loaded');
    const condition = { type: 'ComparisonError', message };
    return failComparison(key, app, { ...failing, condition }, signal);
  }

  async function failComparison(
    key: AppKey,
    app: Application,
    { memory, windows, condition }: Failing & { readonly condition: NewCondition },
    signal: AbortSignal,
  ): Promise<ReconcileOutcome> {
    const state = failOperation(app, [condition], windows);
    await reporter.report(
      key,
      app,
      failedStatus(app, [condition], state, timestamp(ports.clock)),
      signal,
    );
    memory.requested = higherLevel(memory.requested, 'latest');
    return again(retryDelay(memory));
  }

  const retryDelay = (memory: AppMemory): number =>
    Math.min(settings.resyncMs, 5_000 * 2 ** Math.min(memory.failures, 10));

  /** An operation that cannot run ends with the reason, unless it has to wait for a window anyway. */
  function failOperation(
    app: Application,
    conditions: readonly NewCondition[],
    windows?: Windows,
  ): OperationState | undefined {
    const begun = beginOrResume(app, currentOperation(app));
    if (begun === undefined) return app.status.operationState;
    const window = windows?.operation(begun);
    if (window?.type === 'blocked') return heldByWindow(begun, window.message);
    const message = conditions.map((c) => `${c.type}: ${c.message}`).join(';');
    return settleOperation(endedPass(begun, { phase: 'Error', message }, timestamp(ports.clock)), {
      nowMs: ports.clock.now(),
      timeoutMs: settings.syncTimeoutMs,
    }).state;
  }

  const resyncPeriod = (memory: AppMemory): number =>
    settings.resyncMs + memory.jitter * settings.resyncJitterMs;

  function untilResync(app: Application, memory: AppMemory): number {
    const last = Date.parse(withComparison(app, memory).status.reconciledAt ?? '');
    const period = resyncPeriod(memory);
    const resyncMs = Number.isNaN(last)
      ? period
      : Math.max(1_000, last + period - ports.clock.now());
    return Math.min(resyncMs, untilWindow(memory));
  }

  /** Until a sync window opens or closes; 0 when one has since the last comparison. */
  function untilWindow({ windowChangeMs }: AppMemory): number {
    return windowChangeMs === undefined
      ? Infinity
      : Math.max(0, windowChangeMs - ports.clock.now());
  }

  function withSyncError(
    status: Report,
    decision: Extract<NextDecision, { type: 'idle' }>,
    now: string,
  ): Report {
    const before = status.conditions;
    const conditions = setConditions(
      before ?? [],
      decision.keepsSyncError === true ? [] : ['SyncError', 'DependencyWarning'],
      decision.conditions,
      now,
    );
    return conditions.length === 0 && before === undefined ? status : { ...status, conditions };
  }

  return {
    reconcile,
    request(key, level) {
      const memory = memories.of(key);
      memory.requested = higherLevel(memory.requested, level);
      memory.onlyMoved = false;
    },
    orphans: (key) => memories.of(key).orphans,
    moved(key) {
      const memory = memories.of(key);
      memory.onlyMoved ||= memory.requested === 'none';
      memory.requested = higherLevel(memory.requested, 'latest');
    },
  };
}

/** Revisions of next time are whatever the table of refs says then. */
function calmOf(request: LoadRequest, loaded: LoadedState, { metadata }: KubeObject): Calm {
  const asked = manifestRequest(request);
  return {
    resourceVersion: metadata.resourceVersion ?? '',
    request: {
      ...asked,
      revisions: asked.revisions.map(() => ''),
      freshRevisions: false,
      freshManifests: false,
    },
    objects: loaded.manifests.objects,
  };
}

/** The application with the time of its last comparison, which is not written when nothing else changed. */
function withComparison(app: Application, memory: AppMemory): Application {
  const { comparedAt } = memory;
  const { reconciledAt } = app.status;
  if (comparedAt === undefined || reconciledAt === undefined || reconciledAt >= comparedAt)
    return app;
  return { ...app, status: { ...app.status, reconciledAt: comparedAt } };
}

/** Whether the status tells that this operation has begun. */
function isStored({ status }: Application, { startedAt }: OperationState): boolean {
  return status.operationState?.startedAt === startedAt;
}

/** The operation of an earlier pass whose outcome could not be written, unless another has come. */
function unwrittenOf(
  app: Application,
  operation: ReturnType<typeof currentOperation>,
  { unwritten }: AppMemory,
): OperationState | undefined {
  if (operation.type !== 'none' || unwritten?.uid !== app.metadata.uid) return undefined;
  return isStored(app, unwritten.state) ? undefined : unwritten.state;
}

/** Whether a failure to load came from the destination, not from what should be there. */
function isAboutCluster({ code }: TiphysError): boolean {
  return code.startsWith('Kube') || code === 'NotPermitted';
}

/** Few enough objects, in one group and without hooks, that one pass does it all. */
function isSmall({ targets }: LoadedState): boolean {
  return targets.resources.size <= 25 && targets.hooks.length === 0;
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

function unchanged(app: Application): Report {
  return app.status;
}
