import type { AppKey } from '../core/app/app-key.ts';
import type { ComparedResource } from '../core/app/compared-resource.ts';
import { decideDependencies } from '../core/app/depends-on.ts';
import { instanceName } from '../core/app/names.ts';
import { parseApplication } from '../core/app/parse.ts';
import { sourcesOf } from '../core/app/sources.ts';
import type { Application, ApplicationStatus } from '../core/app/types.ts';
import { foldStringData } from '../core/diff/normalise.ts';
import { redactSecrets } from '../core/diff/mask-secret.ts';
import { TiphysError, toTiphysError, withHint } from '../core/errors.ts';
import type { KubeObject, ResourceKey } from '../core/objects/kube-object.ts';
import type { Cluster } from '../ports/clusters.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { actAs } from './act-as.ts';
import { admit, type NewCondition } from './admit.ts';
import { createAppMemories } from './app-memory.ts';
import { addressOf } from './apply-object.ts';
import { checkWindows } from './check-windows.ts';
import { decideNext, type NextDecision } from './decide-next.ts';
import { createHealthJudge } from './health-judge.ts';
import { loadState } from './load-state.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';
import { timestamp } from './run-sync-pass.ts';
import { comparedStatus, failedStatus } from './status.ts';
import { countOrphans, orphanConditions } from './watch-orphans.ts';

/** What a pass over an application would find and decide now. Nothing is written for it. */
export interface Inspection {
  readonly app: Application;
  /** As a pass would write it. */
  readonly status: ApplicationStatus;
  /** Empty when desired or live state could not be had; the conditions of `status` say why. */
  readonly compared: readonly ComparedResource[];
  readonly predictions: ReadonlyMap<ResourceKey, Prediction>;
  readonly decision: NextDecision;
}

/** What an apply would make of an object that differs, as the API server says; none where it need not be asked. */
export type Prediction =
  | { readonly type: 'predicted'; readonly live: KubeObject; readonly predicted: KubeObject }
  | { readonly type: 'refused'; readonly reason: string };

/**
 * Looks at an application as `reconcile` does, with what Git and the cluster hold now, and stops
 * before anything is done. Errors: `InvalidSpec` when the object cannot be read, `KubeNotFound` when
 * there is none; all else is in the status.
 */
export async function inspectApplication(
  key: AppKey,
  ports: EnginePorts,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<Inspection> {
  const raw = ports.apps.get(key);
  if (raw === undefined)
    throw new TiphysError('KubeNotFound', `Application ${key}: does not exist`, {
      hint: 'See kubectl get applications --all-namespaces.',
    });
  const parsed = parseApplication(raw);
  if (parsed.type === 'invalid') {
    const problems = parsed.problems.map(({ path, message }) => `${path}: ${message}`);
    throw new TiphysError('InvalidSpec', `Application ${key}: ${problems.join('; ')}`);
  }
  const app = parsed.application;
  const admission = admit(app, ports, settings);
  if (admission.type === 'refused') return failed(app, admission.conditions, ports);
  try {
    const connected = await ports.clusters.connect(admission.destination.server, signal);
    const { cluster } = actAs(connected, app, admission.project, ports);
    const memory = createAppMemories(ports.random).of(key);
    const health = createHealthJudge(ports.scripts, ports.resources);
    const { project, sources } = admission;
    const request = {
      ...{ app, project, cluster, sources, memory, health },
      instance: instanceName(app.metadata, settings.namespace),
      revisions: sourcesOf(app.spec).map(() => ''),
      localManifests: undefined,
      freshRevisions: true,
      freshManifests: false,
    };
    const loaded = await loadState(request, ports, settings, signal);
    const { compared } = loaded;
    const operationState = app.status.operationState;
    const now = timestamp(ports.clock);
    const windows = checkWindows(app, project, ports);
    const orphans = countOrphans(request, compared, ports, settings);
    const further = [...windows.conditions, ...orphanConditions(project, orphans)];
    // What was compared is what the spec says now, whatever an operation is or was about.
    const found = { app, request, loaded, compared, now, operationState: undefined, further };
    const status = comparedStatus(
      { ...found, level: 'forced', withReasons: true },
      { ...settings, ...ELSEWHERE },
    );
    const running = operationState !== undefined && operationState.finishedAt === undefined;
    const decision = decideNext(app, status, loaded, running ? operationState : undefined, {
      nowMs: ports.clock.now(),
      selfHeal: settings.selfHeal,
      windows: windows.automated,
      dependencies: () =>
        decideDependencies({
          app,
          revisions: loaded.manifests.revisions,
          find: ports.apps.get,
          comparedRevisions: () => loaded.manifests.revisions, // only the operator knows
        }),
    });
    const predictions = await predict(compared, cluster, settings, signal);
    return { app, status, compared, predictions, decision };
  } catch (error) {
    signal.throwIfAborted();
    const message = withHint(toTiphysError(error));
    return failed(app, [{ type: 'ComparisonError', message }], ports);
  }
}

/** Only the operator knows whether it hydrates: what it said of that stands. */
const ELSEWHERE = { hydrates: true };

function failed(
  app: Application,
  conditions: readonly NewCondition[],
  { clock }: EnginePorts,
): Inspection {
  return {
    app,
    status: failedStatus(app, conditions, app.status.operationState, timestamp(clock), ELSEWHERE),
    compared: [],
    predictions: new Map(),
    decision: { type: 'idle', conditions: [], retryAfterMs: undefined, reason: 'NotCompared' },
  };
}

async function predict(
  compared: readonly ComparedResource[],
  cluster: Cluster,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<ReadonlyMap<ResourceKey, Prediction>> {
  const different = compared.filter(({ comparison }) => comparison.type === 'different');
  const predictions = await mapLimit(
    different,
    settings.applyParallelism,
    (resource, stop) => predictOne(resource, cluster, settings, stop),
    signal,
  );
  return new Map(
    different.flatMap(({ key }, index) => {
      const prediction = predictions[index];
      return prediction === undefined ? [] : [[key, prediction] as const];
    }),
  );
}

async function predictOne(
  { target, live, comparison }: ComparedResource,
  cluster: Cluster,
  { fieldManager }: EngineSettings,
  signal: AbortSignal,
): Promise<Prediction | undefined> {
  if (target === undefined || live === undefined) return undefined;
  // Fields that a client-side apply still owns go with a sync, but a dry run does not show it.
  if (comparison.type === 'different' && comparison.certain) return undefined;
  try {
    const predicted = await cluster.client.apply(
      addressOf(cluster, target),
      foldStringData(target),
      { fieldManager, force: true, dryRun: true },
      signal,
    );
    return { type: 'predicted', live, predicted };
  } catch (error) {
    signal.throwIfAborted();
    return { type: 'refused', reason: redactSecrets(toTiphysError(error).message, [target, live]) };
  }
}
