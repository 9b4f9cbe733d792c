import { setConditions } from '../core/app/conditions.ts';
import { decideDependencies } from '../core/app/depends-on.ts';
import { parseApplication } from '../core/app/parse.ts';
import { higherLevel } from '../core/app/refresh.ts';
import type { Application, ApplicationStatus, OperationState } from '../core/app/types.ts';
import { isWorthWriting } from '../core/app/worth-writing.ts';
import type { ReconcileOutcome } from '../runtime/controller.ts';
import { AUTO_SYNC_INFO, decideNext, type NextDecision } from './decide-next.ts';
import { endedPass, type Hindrance, hindranceOf } from './hindrance.ts';
import { recordHeals } from './hold-back.ts';
import { compareTargets, type LoadedState } from './load-state.ts';
import { beginOperation, isBegun, levelAfter, pinRevisions } from './operation.ts';
import { again, type Engine, goOn, type Pass } from './pass.ts';
import type { Report } from './report.ts';
import { respectIgnoredParts } from './respect-ignored-parts.ts';
import { isStored, untilOwnSecond } from './resume-operation.ts';
import { runSyncPass, timestamp, type SyncPass } from './run-sync-pass.ts';
import { settleOperation } from './settle-operation.ts';
import { comparedStatus, comparesOwnSources } from './status.ts';
import { releaseLeftHooks } from './release-hooks.ts';
import { untilResync } from './timing.ts';
import { calmOf } from './untouched.ts';
import { countOrphans, orphanConditions } from './watch-orphans.ts';

type Begun = Pass & { readonly begun: OperationState };
type Idle = Extract<NextDecision, { type: 'idle' }>;

/** How long a pass waits at the most for an event that should come by itself. */
const OPERATION_POLL_MS = 30_000;
/** How long until the request for an operation that has begun is taken away again. */
const REQUEST_POLL_MS = 100;

/** With desired and live state at hand: decide, do one step, report. */
export async function proceed(
  pass: Pass,
  engine: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const { app, memory, loaded } = pass;
  const { ports, settings, memories } = engine;
  const now = timestamp(ports.clock);
  const before = statusOf(pass, loaded.compared, now, engine);
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
  if (decision.type === 'idle')
    return rest(pass, withSyncError(before, decision, now), decision, now, engine, signal);
  if (decision.operation.sync?.autoHealAttemptsCount !== undefined && pass.begun === undefined) {
    const healed = loaded.compared.filter(({ held }) => held === undefined);
    recordHeals(healed, memory.heals, ports.clock.monotonic(), settings);
  }
  const started = pass.begun ?? beginOperation(app, decision.operation, now);
  const state = pinRevisions(started, loaded.manifests.revisions);
  if (memory.nextWaveAtMs > ports.clock.monotonic())
    return goOn(memory.nextWaveAtMs - ports.clock.monotonic());
  return carryOut(pass, state, now, engine, signal);
}

/** An operation that a sync window is against waits; the comparison is reported all the same. */
export async function holdOperation(
  pass: Begun,
  engine: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const { key, app, memory, loaded } = pass;
  const { ports, settings, reporter } = engine;
  const now = timestamp(ports.clock);
  const status = statusOf(pass, loaded.compared, now, engine);
  if (app.operation !== undefined || isWorthWriting(app.status, status, { ignoreRevision: true }))
    await reporter.report(key, app, status, signal);
  if (pass.need.level !== 'recent') memory.comparedAt = now;
  return again(untilResync(app, memory, settings, ports.clock.now()));
}

/** Nothing is to be synced now: reports the comparison, if it says anything new. */
async function rest(
  { key, app, memory, request, loaded, need }: Pass,
  status: Report,
  { retryAfterMs }: Idle,
  now: string,
  { ports, settings, reporter }: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const ignoreRevision = need.reason === 'Event' && !isOfLastSync(app.status, status);
  // Who asked looks for the result as soon as the request is gone.
  if (need.reason === 'RefreshRequested') await ports.comparisons?.settled(key, signal);
  const stored =
    need.reason === 'RefreshRequested' || isWorthWriting(app.status, status, { ignoreRevision })
      ? await reporter.report(key, app, status, signal)
      : app.raw;
  if (status.sync?.status === 'Synced' && retryAfterMs === undefined)
    memory.calm = calmOf(request, loaded, stored);
  await releaseLeftHooks(request, ports.logger, signal);
  if (need.level !== 'recent') memory.comparedAt = now;
  if (retryAfterMs !== undefined) memory.requested = higherLevel(memory.requested, 'recent');
  const resyncMs = untilResync(app, memory, settings, ports.clock.now());
  return again(Math.min(retryAfterMs ?? Infinity, resyncMs));
}

/** Whether the revision that was compared is what the last operation deployed: then people look for it. */
function isOfLastSync({ operationState }: ApplicationStatus, { sync }: Report): boolean {
  const { revision, revisions } = operationState?.syncResult ?? {};
  const deployed = revisions ?? (revision === undefined ? [] : [revision]);
  const compared = sync?.revisions ?? [sync?.revision ?? ''];
  return deployed.length > 0 && deployed.join(' ') === compared.join(' ');
}

/** One step of an operation, its beginning stored before and its outcome after it. */
async function carryOut(
  pass: Pass,
  state: OperationState,
  now: string,
  engine: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const { key, app, memory, request, loaded } = pass;
  const { ports, settings, reporter } = engine;
  const written = app.status.operationState;
  const hasHooks = loaded.targets.hooks.length > 0;
  const waitMs = untilOwnSecond(app, state, hasHooks, ports.clock.now());
  if (waitMs > 0) return goOn(waitMs);
  // Names of hooks depend on when it began, so that has to be stored first.
  const isKnown = written?.phase === 'Running' && written.startedAt === state.startedAt;
  const stored =
    pass.begun === undefined || !isKnown
      ? await announce({ ...pass, begun: state }, now, engine, signal)
      : app;
  if (stored === undefined) return goOn(0);
  if (!ports.apps.inOneWrite && isBegun(stored)) return goOn(REQUEST_POLL_MS); // the next pass takes the request away
  // A pass that cannot write its outcome is taken up again: the objects alone do not tell of it.
  const { uid } = app.metadata;
  memory.unwritten = stored === app && !isStored(app, state) ? { uid, state } : undefined;
  const hindrance: Hindrance | undefined =
    pass.refusal === undefined
      ? hindranceOf(app, request.project, state, loaded.conditions)
      : { phase: 'Error', message: pass.refusal };
  const ran =
    hindrance === undefined
      ? await step({ ...pass, app: stored, begun: state }, engine, signal)
      : endedPass(state, hindrance, now);
  const settled = settleOperation(ran, {
    nowMs: ports.clock.now(),
    timeoutMs: settings.syncTimeoutMs,
    phaseTimeoutMs: settings.syncPhaseTimeoutMs,
  });
  const compared = ran.wrote
    ? await compareTargets(request, loaded.targets, ports, settings, signal)
    : loaded.compared;
  const reported = { ...pass, app: stored, begun: settled.state };
  const after = statusOf(reported, compared, timestamp(ports.clock), engine);
  await reporter.report(key, stored, after, signal);
  memory.unwritten = undefined;
  const pauseMs = ran.pause ? settings.waveDelayMs : 0;
  if (ran.next === 'again') memory.nextWaveAtMs = ports.clock.monotonic() + pauseMs;
  // What was pushed meanwhile goes unnoticed, for the revision is pinned: it is looked for afterwards.
  if (pass.begun !== undefined && pass.need.level === 'forced') memory.requested = 'forced';
  if (settled.type === 'finished') {
    memory.requested = higherLevel(memory.requested, levelAfter(settled.state));
    return goOn(0);
  }
  if (ran.next === 'again') return goOn(pauseMs);
  const dueAtMs = Math.min(ran.dueAtMs ?? Infinity, settled.dueAtMs ?? Infinity);
  const dueInMs = Math.max(0, dueAtMs - ports.clock.now());
  return goOn(settled.afterMs ?? Math.min(OPERATION_POLL_MS, dueInMs));
}

/**
 * Writes that an operation has begun, before anything is done for it: after a restart the objects
 * alone do not tell that they were synced, and the history would miss it. Only small self-heals,
 * which no history counts, are written when they have finished (ADR 0019).
 */
async function announce(
  pass: Begun,
  now: string,
  engine: Engine,
  signal: AbortSignal,
): Promise<Application | undefined> {
  const { key, app, begun, loaded } = pass;
  const { reporter } = engine;
  reporter.started(app, begun);
  if (app.operation === undefined && isHeal(begun) && isSmall(loaded)) return app;
  const status = statusOf(pass, loaded.compared, now, engine);
  const stored = await reporter.report(key, app, status, signal);
  const parsed = parseApplication(stored);
  return parsed.type === 'ok' ? parsed.application : undefined;
}

const isHeal = ({ operation }: OperationState): boolean =>
  operation.sync?.autoHealAttemptsCount !== undefined;

/** Few enough objects, in one group and without hooks, that one pass does it all. */
function isSmall({ targets }: LoadedState): boolean {
  return targets.resources.size <= 25 && targets.hooks.length === 0;
}

function step(
  { app, request, loaded, begun: state }: Begun,
  { ports, settings, health }: Engine,
  signal: AbortSignal,
): Promise<SyncPass> {
  const { project, cluster, memory } = request;
  const { targets, compared, manifests } = loaded;
  const ignored = { app, cluster, memory: memory.compare.ignored, ports };
  return runSyncPass(
    {
      app,
      project,
      cluster,
      settings,
      clock: ports.clock,
      health,
      state,
      targets,
      compared,
      revision: manifests.revisions[0] ?? '',
      preflight: memory.preflight,
      respectIgnored: (target, live, stop) => respectIgnoredParts(target, live, ignored, stop),
    },
    signal,
  );
}

/** The status that tells of this comparison and of the operation as the pass has it. */
function statusOf(
  pass: Pass,
  compared: LoadedState['compared'],
  now: string,
  { ports, settings, reporter }: Engine,
): Report {
  const { app, loaded, request, need, begun: operationState } = pass;
  const orphans = countOrphans(request, compared, ports, settings);
  pass.memory.orphans = orphans;
  const further = [...pass.windows.conditions, ...orphanConditions(request.project, orphans)];
  const found = { app, loaded, request, compared, now, operationState, further };
  const withReasons = reporter.keepsReasons;
  const status = comparedStatus({ ...found, level: need.level, withReasons }, settings);
  if (comparesOwnSources(found))
    ports.comparisons?.compared({
      ...{ app: { ...app, status }, compared, memory: pass.memory },
      ...{ project: request.project, cluster: request.cluster },
      forced: need.reason === 'RefreshRequested',
    });
  if (operationState === undefined || status.conditions === undefined) return status;
  // Nothing is left alone any more.
  const conditions = status.conditions.filter(({ type }) => type !== AUTO_SYNC_INFO);
  return { ...status, conditions };
}

function withSyncError(status: Report, decision: Idle, now: string): Report {
  const before = status.conditions;
  const conditions = setConditions(
    before ?? [],
    decision.keepsSyncError === true ? [] : ['SyncError', 'DependencyWarning', AUTO_SYNC_INFO],
    decision.conditions,
    now,
  );
  return conditions.length === 0 && before === undefined ? status : { ...status, conditions };
}
