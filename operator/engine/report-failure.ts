import type { AppKey } from '../core/app/app-key.ts';
import { higherLevel, REFRESH_ANNOTATION, type RefreshLevel } from '../core/app/refresh.ts';
import type { Application, OperationState } from '../core/app/types.ts';
import { hasCode, type TiphysError, toTiphysError, withHint } from '../core/errors.ts';
import type { ReconcileOutcome } from '../runtime/controller.ts';
import type { NewCondition } from './admit.ts';
import type { AppMemory } from './app-memory.ts';
import { heldByWindow, type Windows } from './check-windows.ts';
import { endedPass } from './hindrance.ts';
import { currentOperation } from './operation.ts';
import { again, type Engine } from './pass.ts';
import type { EngineSettings } from './ports.ts';
import { beginOrResume } from './resume-operation.ts';
import { timestamp } from './run-sync-pass.ts';
import { settleOperation } from './settle-operation.ts';
import { failedStatus } from './status.ts';
import { nextLook, retryDelay } from './timing.ts';

/** Of what a failure is told. */
interface Failing {
  readonly key: AppKey;
  readonly app: Application;
  readonly memory: AppMemory;
  readonly windows: Windows;
}

/** The application may not be worked on: what runs ends with the reason. */
export async function reportRefusal(
  key: AppKey,
  app: Application,
  conditions: readonly NewCondition[],
  engine: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const { reporter, ports, settings } = engine;
  const state = failOperation(app, conditions, engine);
  const status = failedStatus(app, conditions, state, timestamp(ports.clock), settings);
  await tellOthers(key, app, engine, signal);
  await reporter.report(key, app, status, signal);
  return again(nextLook(settings));
}

/**
 * Desired or live state could not be loaded. For a while the status stays as it was, unless somebody
 * waits for an answer.
 */
export async function reportLoadFailure(
  { error, level, ...failing }: Failing & { readonly error: unknown; readonly level: RefreshLevel },
  engine: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const { key, app, memory } = failing;
  const { ports, settings } = engine;
  const nowMs = ports.clock.monotonic();
  memory.failingSinceMs ??= nowMs;
  memory.failures += 1;
  // Until the first load after a refusal the status has nothing that is worth keeping.
  const isRefusal = (app.status.conditions ?? []).some((c) => c.type === 'InvalidSpecError');
  // A signature that is not as asked is a judgement, not a failure that may pass.
  const isJudged = hasCode(error, 'SignatureRefused');
  const tolerated =
    !isRefusal && !isJudged && nowMs - memory.failingSinceMs < settings.repoErrorGraceMs;
  const operation = currentOperation(app);
  if (level !== 'forced' && tolerated && operation.type === 'none') {
    memory.requested = higherLevel(memory.requested, level);
    return again(retryDelay(memory, settings));
  }
  const failure = toTiphysError(error);
  const state = isAboutCluster(failure) ? 'live' : 'target';
  const message = `Failed to load ${state} state: ${withHint(failure)}${aboutHydration(app, failure, settings)}`;
  ports.logger.warn({ app: key, err: failure }, 'state not loaded');
  return reportComparisonError({ ...failing, message }, engine, signal);
}

/** Nothing could be compared; asks to be called again, later with every failure. */
export async function reportComparisonError(
  { key, app, memory, windows, message }: Failing & { readonly message: string },
  engine: Engine,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const { reporter, ports, settings } = engine;
  const conditions = [{ type: 'ComparisonError', message }];
  const state = failOperation(app, conditions, engine, windows);
  const status = failedStatus(app, conditions, state, timestamp(ports.clock), settings);
  await tellOthers(key, app, engine, signal);
  await reporter.report(key, app, status, signal);
  memory.requested = higherLevel(memory.requested, 'latest');
  return again(retryDelay(memory, settings));
}

/** Why the branch that is synced may not be there, or be without its folder. */
function aboutHydration(
  { spec, status }: Application,
  { code }: TiphysError,
  { hydrates }: Pick<EngineSettings, 'hydrates'>,
): string {
  if (spec.sourceHydrator === undefined || !NOT_THERE.has(code)) return '';
  if (!hydrates)
    return ' Nobody hydrates here: start Tiphys with --hydrator, or let somebody else commit to the branch of spec.sourceHydrator.';
  const { phase, message = '' } = status.sourceHydrator?.currentOperation ?? {};
  if (phase === 'Failed') return ` Hydration failed: ${message}`;
  if (spec.sourceHydrator.hydrateTo === undefined) return ' It is yet to be hydrated.';
  return ` ${spec.sourceHydrator.hydrateTo.targetBranch} is hydrated; somebody has to merge it.`;
}

const NOT_THERE: ReadonlySet<string> = new Set(['RevisionNotFound', 'PathNotFound']);

/** Who asked for a refresh looks for what is known as soon as the request is gone. */
async function tellOthers(
  key: AppKey,
  app: Application,
  { ports: { comparisons } }: Engine,
  signal: AbortSignal,
): Promise<void> {
  comparisons?.failed(app);
  if (app.metadata.annotations[REFRESH_ANNOTATION] !== undefined)
    await comparisons?.settled(key, signal);
}

/** An operation that cannot run ends with the reason, unless it has to wait for a window anyway. */
function failOperation(
  app: Application,
  conditions: readonly NewCondition[],
  { ports: { clock }, settings }: Engine,
  windows?: Windows,
): OperationState | undefined {
  const begun = beginOrResume(app, currentOperation(app), clock);
  if (begun === undefined) return app.status.operationState;
  const window = windows?.operation(begun);
  if (window?.type === 'blocked') return heldByWindow(begun, window.message);
  const message = conditions.map((c) => `${c.type}: ${c.message}`).join(';');
  return settleOperation(endedPass(begun, { phase: 'Error', message }, timestamp(clock)), {
    nowMs: clock.now(),
    timeoutMs: settings.syncTimeoutMs,
    phaseTimeoutMs: settings.syncPhaseTimeoutMs,
  }).state;
}

/** Whether a failure to load came from the destination, not from what should be there. */
function isAboutCluster({ code }: TiphysError): boolean {
  return code.startsWith('Kube') || code === 'NotPermitted';
}
