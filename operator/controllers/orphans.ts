import { appKey, type AppKey } from '../core/app/app-key.ts';
import { isJsonObject, type JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { instanceOf } from '../core/tracking/tracking.ts';
import type { EnginePorts, EngineSettings } from '../engine/ports.ts';
import type { Reconciler } from '../engine/reconciler.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { LiveEvent } from '../ports/live-state.ts';

/**
 * The applications whose count of orphans an event may change: those that monitor the namespace in
 * which an object without owner and mark came or went.
 */
export function concernedByOrphan(
  { type, object, previous }: LiveEvent,
  cluster: Cluster,
  { apps, clusters, projects }: Pick<EnginePorts, 'apps' | 'clusters' | 'projects'>,
  { tracking }: EngineSettings,
  reconciler: Pick<Reconciler, 'orphans'>,
): readonly AppKey[] {
  const { namespace = '' } = object.metadata;
  if (namespace === '' || (type === 'applied' && previous !== undefined)) return [];
  if ((object.metadata.ownerReferences ?? []).length > 0) return [];
  if (instanceOf(object, tracking) !== undefined) return [];
  // Most control planes have no such project, and many events.
  if (!projects.list().some(monitors)) return [];
  return apps.list().flatMap((app) => {
    const key = keyOfApp(app);
    const { server, name, namespace: home } = destinationOf(app);
    if (home !== namespace || reconciler.orphans(key) === undefined) return [];
    const byName = clusters.entries.find((entry) => entry.name === name)?.server;
    return (server ?? byName) === cluster.server ? [key] : [];
  });
}

/** Shows how many orphans each application has, until disposed of. */
export function showOrphans(
  { apps, metrics }: Pick<EnginePorts, 'apps' | 'metrics'>,
  reconciler: Pick<Reconciler, 'orphans'>,
): Disposable {
  const labels = ['namespace', 'name', 'project'];
  return metrics.gauge('argocd_app_orphaned_resources_count', '', labels, () =>
    apps.list().flatMap((app) => {
      const value = reconciler.orphans(keyOfApp(app));
      if (value === undefined) return [];
      const { namespace = '', name = '' } = app.metadata;
      const project = text(app['spec'], 'project') ?? 'default';
      return { labels: { namespace, name, project }, value };
    }),
  );
}

function monitors(project: KubeObject): boolean {
  const spec = project['spec'];
  return isJsonObject(spec) && spec['orphanedResources'] !== undefined;
}

const keyOfApp = ({ metadata }: KubeObject): AppKey =>
  appKey(metadata.namespace ?? '', metadata.name ?? '');

function destinationOf(app: KubeObject) {
  const spec = app['spec'];
  const destination = isJsonObject(spec) ? spec['destination'] : undefined;
  return {
    server: text(destination, 'server')?.replace(/\/+$/, ''),
    name: text(destination, 'name'),
    namespace: text(destination, 'namespace'),
  };
}

function text(part: JsonValue | undefined, name: string): string | undefined {
  const value = isJsonObject(part) ? part[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
