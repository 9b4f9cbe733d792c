import { appKey } from '../../core/app/app-key.ts';
import type { Application, Project } from '../../core/app/types.ts';
import { createLruCache } from '../../runtime/lru-cache.ts';
import { type AppMemory, createAppMemories } from '../app-memory.ts';
import { createHealthJudge } from '../health-judge.ts';
import type { EnginePorts, EngineSettings } from '../ports.ts';
import { type Deployed, findDeployed, rememberRequests } from './deployed.ts';
import type { ManagedResource } from './managed-resource.ts';
import type { Predictions } from './predict-live.ts';
import { compareForView, showCompared } from './managed-resources.ts';

/**
 * Looks at Applications without working on them: what they have, and how it differs. Holds what earlier
 * looks found out, of the Applications that were looked at last; nothing needs closing.
 */
export interface ApplicationViews {
  /** The objects of an Application and what they own. Errors: `DestinationUnknown`, and what keeps the cluster from being reached. */
  deployed(app: Application, project: Project, signal: AbortSignal): Promise<Deployed>;
  /**
   * Every object desired and live, Secrets masked, sorted by group, kind, namespace and name. Errors:
   * `NotPossibleNow` when it may not be compared, those of `ManifestSource` and of the cluster.
   */
  managed(app: Application, signal: AbortSignal): Promise<readonly ManagedResource[]>;
}

export interface ViewOptions {
  /** Labels that are shown in a tree, as of now. */
  readonly customLabels: () => readonly string[];
}

/** More are looked at again from the beginning. */
const MAX_REMEMBERED = 100;

/** Views of one control plane. */
export function createApplicationViews(
  ports: EnginePorts,
  settings: EngineSettings,
  { customLabels }: ViewOptions,
): ApplicationViews {
  const health = createHealthJudge(ports.scripts, ports.resources);
  const requestsOf = rememberRequests();
  const memories = createLruCache<string, AppMemory>(MAX_REMEMBERED);

  const foresight: Predictions = new WeakMap();

  function memoryOf({ metadata }: Application): AppMemory {
    const key = appKey(metadata.namespace, metadata.name);
    const memory = memories.get(key) ?? createAppMemories(ports.random).of(key);
    memories.set(key, memory, 1);
    return memory;
  }

  return {
    deployed: (app, project, signal) =>
      findDeployed(app, project, { ports, settings, health, customLabels, requestsOf }, signal),
    async managed(app, signal) {
      const deps = { ports, settings, health, memory: memoryOf(app) };
      const comparison = await compareForView(app, deps, signal);
      return await showCompared(comparison, { ports, settings, foresight }, signal);
    },
  };
}
