import type { ClusterEntry, Clusters } from '../ports/clusters.ts';
import type { GaugeSample, Metrics } from '../ports/telemetry.ts';
import { METRICS } from './metric-names.ts';

/**
 * The gauges about clusters. All that are registered are shown; one that was not needed yet is not
 * connected, and its version is not known.
 */
export function registerClusterMetrics(
  metrics: Metrics,
  clusters: Pick<Clusters, 'entries' | 'connected'>,
): Disposable {
  const stack = new DisposableStack();
  const each = (name: string, sample: (entry: ClusterEntry) => GaugeSample | undefined): void => {
    const { help = '', labels = [] } = METRICS[name] ?? {};
    const collect = () =>
      clusters.entries.map(sample).filter((found): found is GaugeSample => found !== undefined);
    stack.use(metrics.gauge(name, help, labels, collect));
  };
  const versionOf = ({ server }: ClusterEntry) => clusters.connected(server)?.version ?? '';

  each('argocd_cluster_info', (entry) => ({
    labels: { server: entry.server, k8s_version: versionOf(entry), name: entry.name },
    value: 1,
  }));
  each('argocd_cluster_connection_status', (entry) => ({
    labels: { server: entry.server, k8s_version: versionOf(entry) },
    value: clusters.connected(entry.server) === undefined ? 0 : 1,
  }));
  each('argocd_cluster_api_resources', ({ server }) => {
    const cluster = clusters.connected(server);
    if (cluster === undefined) return undefined;
    const { resources } = cluster.live.catalogue;
    return { labels: { server }, value: resources.filter(({ preferred }) => preferred).length };
  });
  return stack;
}
