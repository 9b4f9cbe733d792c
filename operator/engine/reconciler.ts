import type { AppKey } from '../core/app/app-key.ts';
import { instanceName, isProcessed } from '../core/app/names.ts';
import { parseApplication } from '../core/app/parse.ts';
import { higherLevel, type RefreshLevel } from '../core/app/refresh.ts';
import { hasCode } from '../core/errors.ts';
import type { ReconcileOutcome } from '../runtime/controller.ts';
import { noAside, type Aside } from '../runtime/places.ts';
import { createAppMemories } from './app-memory.ts';
import { createHealthJudge } from './health-judge.ts';
import { again, DONE, type Engine } from './pass.ts';
import type { EnginePorts, EngineSettings } from './ports.ts';
import { reconcileApplication } from './reconcile-application.ts';
import { releaseLeftHooks } from './release-hooks.ts';
import { createReporter } from './report.ts';
import { resyncPeriod, untilWindow } from './timing.ts';
import { isUntouched } from './untouched.ts';

/**
 * The life of an Application: compare, decide, sync, report. Level-based: every pass looks at the
 * object, Git and the cluster as they are, does the next thing there is to do, and writes what it
 * found. A pass never waits for health or time; it asks to be called again.
 */
export interface Reconciler {
  /**
   * One pass over one application. Errors: only what stopped the pass from being reported, such as
   * an unreachable API server; everything else is in the application's status. What waits for Git,
   * programs or a cluster that is being connected is done `aside`; default: it is just awaited.
   */
  reconcile(key: AppKey, signal: AbortSignal, aside?: Aside): Promise<ReconcileOutcome>;
  /** Asks that the next pass looks at least this closely. */
  request(key: AppKey, level: RefreshLevel): void;
  /** Objects in its namespace that nobody manages, as of the last comparison; absent when its project does not ask. */
  orphans(key: AppKey): number | undefined;
  /** Tells that a repository of this application moved, and nothing else is known to have changed. */
  moved(key: AppKey): void;
}

/** By then the watch has told what somebody else wrote. */
const CONFLICT_RETRY_MS = 100;

/** Builds the reconciler; it holds no resources and needs no closing. */
export function createReconciler(ports: EnginePorts, settings: EngineSettings): Reconciler {
  const memories = createAppMemories(ports.random);
  const reporter = createReporter(ports);
  const health = createHealthJudge(ports.scripts, ports.resources);
  const shared = { ports, settings, memories, reporter, health };

  return {
    async reconcile(key, signal, aside = noAside) {
      const engine: Engine = { ...shared, aside };
      const raw = ports.apps.get(key);
      if (raw === undefined) {
        memories.forget(key);
        await releaseOrphanedHooks(key, engine, signal);
        return DONE;
      }
      if (await isUntouched(key, raw, engine, signal)) {
        const memory = memories.of(key);
        const windowMs = untilWindow(memory, ports.clock.now());
        return again(Math.min(resyncPeriod(memory, settings), windowMs));
      }
      if (!isProcessed(raw, settings)) return DONE;
      const parsed = parseApplication(raw);
      if (parsed.type === 'invalid') {
        await reporter.invalid(key, raw, parsed.problems, signal);
        return DONE;
      }
      const app = parsed.application;
      const memory = memories.of(key);
      const asked = memory.requested;
      try {
        return await reconcileApplication(key, app, engine, signal);
      } catch (error) {
        // Nothing may be lost by a pass that could not report: the next one looks at least as closely.
        memory.requested = higherLevel(memory.requested, higherLevel(asked, 'recent'));
        if (!hasCode(error, 'KubeConflict')) throw error;
        ports.logger.debug({ app: key }, 'somebody wrote to the application meanwhile; once more');
        return again(CONFLICT_RETRY_MS);
      }
    },
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

/** Hooks that ran when their Application was deleted without any finalizer: nobody else lets them go. */
async function releaseOrphanedHooks(
  key: AppKey,
  { ports, settings }: Engine,
  signal: AbortSignal,
): Promise<void> {
  const [namespace = '', name = ''] = key.split('/');
  const instance = instanceName({ namespace, name }, settings.namespace);
  for (const { server } of ports.clusters.entries) {
    const cluster = ports.clusters.connected(server);
    if (cluster !== undefined) await releaseLeftHooks({ cluster, instance }, ports.logger, signal);
  }
}
