import { instanceName } from '../core/app/names.ts';
import { parseApplication } from '../core/app/parse.ts';
import type { Application } from '../core/app/types.ts';
import { hasCode, toTiphysError, type TiphysError } from '../core/errors.ts';
import type { AppKey } from '../core/app/app-key.ts';
import { LET_GO_ANNOTATION } from '../core/sync/deletion-hooks.ts';
import {
  type DeletionStage,
  deletionStage,
  isOurFinalizer,
  withoutStage,
} from '../core/sync/deletion-stages.ts';
import {
  type DeletionTrouble,
  retryAfter,
  unreachableCluster,
} from '../core/sync/deletion-trouble.ts';
import { actAs } from './act-as.ts';
import { admit, findDestination, type NewCondition } from './admit.ts';
import { countRequests } from './count-requests.ts';
import { deletePass } from './delete-application.ts';
import { findProject } from './find-project.ts';
import type { Engine } from './pass.ts';
import type { EnginePorts } from './ports.ts';
import { withDeadline } from '../runtime/deadline.ts';
import { probeCluster } from './probe-cluster.ts';
import { releaseHooks, releaseLeftHooks } from './release-hooks.ts';
import { formatTime } from './run-sync-pass.ts';
import { cleanUpHooks, runDeletionHooks } from './run-deletion-hooks.ts';

export type Removal =
  /** Nothing of ours is left to do. */
  | { readonly type: 'gone' }
  /** Waiting, or held up by what the conditions say. */
  | {
      readonly type: 'going';
      /** As it is stored now: without the finalizers of what is over. */
      readonly app: Application;
      readonly conditions: readonly NewCondition[];
      /** When to look again though nothing happens; absent: soon. */
      readonly afterMs?: number;
    };

/**
 * One pass over an Application that is being deleted: hooks before, its objects, hooks after, and
 * what hooks leave behind, each as far as its finalizers ask for it. Each part that is over is taken
 * off the finalizers before the next begins. Errors are conditions of type DeletionError, so that
 * `kubectl get -o yaml` tells what blocks.
 */
export async function removeApplication(
  key: AppKey,
  app: Application,
  engine: Engine,
  signal: AbortSignal,
): Promise<Removal> {
  const { ports } = engine;
  if (!app.metadata.finalizers.some(isOurFinalizer)) return { type: 'gone' };
  if (app.metadata.annotations[LET_GO_ANNOTATION] === 'true') {
    tell(app, ports, `${LET_GO_ANNOTATION} is set: its objects are left alone`);
    await releaseIfReachable(app, engine, signal);
    return letGo(key, app, ports, signal);
  }
  let current = app;
  try {
    for (;;) {
      const stage = deletionStage(current.metadata.finalizers);
      if (stage === undefined) return await letGo(key, current, ports, signal);
      const outcome = await runStage(current, stage, engine, signal);
      if (outcome.type === 'unknown') {
        tell(app, ports, `${outcome.message}: its objects are left alone`);
        return await letGo(key, current, ports, signal);
      }
      if (outcome.type !== 'over')
        return { type: 'going', app: current, conditions: outcome.conditions };
      const rest = withoutStage(current.metadata.finalizers, stage);
      const next = await storeFinalizers(key, current, rest, ports, signal);
      if (next === undefined || rest.length === 0) return { type: 'gone' };
      current = next;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'KubeConflict')) throw error; // the next pass sees what changed
    const { message, afterMs } = troubleOf(current, error, engine);
    return {
      type: 'going',
      app: current,
      conditions: [{ type: 'DeletionError', message }],
      afterMs,
    };
  }
}

/** Whether it is the cluster that gave no answer; other things take too long as well. */
const isSilence = ({ code, message }: TiphysError, server: string): boolean =>
  code === 'KubeUnreachable' || (code === 'Timeout' && message.includes(server));

function troubleOf(app: Application, error: unknown, { ports }: Engine): DeletionTrouble {
  const failure = toTiphysError(error);
  const { conditions = [], resources = [] } = app.status;
  const nowMs = ports.clock.now();
  const destination = findDestination(app, ports.clusters.entries);
  if (destination.type === 'found' && isSilence(failure, destination.entry.server)) {
    const objects = resources.filter(({ hook }) => hook !== true).length;
    const input = { conditions, objects, nowMs, parseTime: Date.parse, formatTime };
    return unreachableCluster(destination.entry.server, failure.message, input);
  }
  const before = conditions.find(({ message }) => message === failure.message);
  const sinceMs = Date.parse(before?.lastTransitionTime ?? '');
  const afterMs = retryAfter(Number.isNaN(sinceMs) ? 0 : nowMs - sinceMs);
  return { message: failure.message, afterMs };
}

type Outcome =
  | { readonly type: 'over' }
  | { readonly type: 'going'; readonly conditions: readonly NewCondition[] }
  /** There is no such cluster. */
  | { readonly type: 'unknown'; readonly message: string };

const OVER: Outcome = { type: 'over' };
const waiting = (message: string): Outcome => ({
  type: 'going',
  conditions: [{ type: 'DeletionWarning', message }],
});
const held = (message: string): Outcome => ({
  type: 'going',
  conditions: [{ type: 'DeletionError', message }],
});

async function runStage(
  app: Application,
  stage: DeletionStage,
  { ports, settings, health, aside }: Engine,
  signal: AbortSignal,
): Promise<Outcome> {
  const found = findProject(app.spec.project, ports);
  if (found.type !== 'found') {
    const name = app.spec.project === '' ? 'default' : app.spec.project;
    return held(
      `AppProject ${name} does not exist or is invalid; nothing is deleted until it is back`,
    );
  }
  const { project } = found;
  const destination = findDestination(app, ports.clusters.entries);
  if (destination.type === 'unknown') return destination;
  const { server } = destination.entry;
  const connected = await aside(() => ports.clusters.connect(server, signal));
  const acting = actAs(connected, app, project, ports);
  if (acting.refusal !== undefined) return held(acting.refusal);
  const cluster = countRequests(acting.cluster, app, ports.metrics);
  const waitingThere = async (message: string): Promise<Outcome> => {
    await probeCluster(cluster, ports.clock, signal); // one that is gone tells of no change
    return waiting(message);
  };
  switch (stage.type) {
    case 'hooks': {
      const admission = admit(app, ports, settings);
      if (admission.type === 'refused')
        return held(
          `${stage.finalizer}: its hooks cannot be read: ${admission.conditions.map(({ message }) => message).join('; ')}; mend that, or set the annotation ${LET_GO_ANNOTATION}: "true" to leave all objects alone`,
        );
      const { sources } = admission;
      const request = { app, project, cluster, sources, health, aside, phase: stage.phase };
      const step = await runDeletionHooks(request, ports, settings, signal);
      if (step.type === 'failed') return held(step.message);
      return step.type === 'wait' ? waitingThere(step.message) : OVER;
    }
    case 'cleanup': {
      const request = { app, project, cluster, phase: stage.phase };
      const message = await cleanUpHooks(request, settings, signal);
      return message === undefined ? OVER : waitingThere(message);
    }
    case 'cascade': {
      const { propagation } = stage;
      const instance = instanceName(app.metadata, settings.namespace);
      // No hook runs while objects are deleted: nobody waits for the end of any.
      await releaseHooks(cluster, cluster.live.tracked(instance), signal);
      const request = { app, instance, project, cluster, settings, propagation };
      const step = await deletePass(request, signal);
      if (step.type === 'done') return OVER;
      return step.type === 'wait' ? waitingThere(step.message) : { type: 'going', conditions: [] };
    }
  }
}

/** Without a connection that stands already the objects stay as they are, our finalizer on hooks too. */
async function releaseIfReachable(
  app: Application,
  { ports, settings }: Engine,
  signal: AbortSignal,
): Promise<void> {
  const destination = findDestination(app, ports.clusters.entries);
  if (destination.type === 'unknown') return;
  const cluster = ports.clusters.connected(destination.entry.server);
  const instance = instanceName(app.metadata, settings.namespace);
  if (cluster === undefined) return;
  using deadline = withDeadline(signal, LET_GO_MS, ports.clock);
  try {
    await releaseLeftHooks({ cluster, instance }, ports.logger, deadline.signal);
  } catch (error) {
    signal.throwIfAborted();
    ports.logger.warn({ app: instance, err: error }, 'a hook keeps our finalizer');
  }
}

/** Somebody who lets go does not wait for a cluster that is gone. */
const LET_GO_MS = 10_000;

/** When the Application is gone, an Event is all that is left to read. */
function tell(app: Application, { events, logger }: EnginePorts, message: string): void {
  const { name, namespace, uid, resourceVersion } = app.metadata;
  const { apiVersion, kind } = app.raw;
  const object = { apiVersion, kind, name, namespace, uid, resourceVersion };
  events.publish({ type: 'Warning', reason: 'LetGo', message, object });
  logger.warn({ app: `${namespace}/${name}`, reason: message }, 'application let go');
}

/** Takes our finalizers off; foreign ones stay. */
async function letGo(
  key: AppKey,
  app: Application,
  ports: EnginePorts,
  signal: AbortSignal,
): Promise<Removal> {
  const finalizers = app.metadata.finalizers.filter((finalizer) => !isOurFinalizer(finalizer));
  await storeFinalizers(key, app, finalizers, ports, signal);
  return { type: 'gone' };
}

/** Resolves with the Application as stored; `undefined` when it is gone. Errors: `KubeConflict`. */
async function storeFinalizers(
  key: AppKey,
  app: Application,
  finalizers: readonly string[],
  ports: EnginePorts,
  signal: AbortSignal,
): Promise<Application | undefined> {
  const patch = { metadata: { finalizers: [...finalizers] } };
  try {
    const stored = await ports.apps.patch(key, patch, app.metadata.resourceVersion, signal);
    const parsed = parseApplication(stored);
    return parsed.type === 'ok' ? parsed.application : undefined;
  } catch (error) {
    if (hasCode(error, 'KubeNotFound')) return undefined;
    throw error;
  }
}
