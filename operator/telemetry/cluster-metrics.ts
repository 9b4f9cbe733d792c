import { groupOf } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster, ClusterEntry, Clusters } from '../ports/clusters.ts';
import type { GaugeSample, Metrics } from '../ports/telemetry.ts';
import { chosenLabels, labelNames } from './label-names.ts';
import { METRICS } from './metric-names.ts';

/** What is shown of clusters beyond the usual, because it was asked for. */
export interface ClusterMetricsOptions {
  /** Labels of their Secrets, shown as `label_NAME` of `argocd_cluster_labels`. */
  readonly labels?: readonly string[];
}

/**
 * The metrics about clusters. All that are registered are shown; one that was not needed yet is not
 * connected, and its version is not known.
 */
export function registerClusterMetrics(
  metrics: Metrics,
  clusters: Pick<Clusters, 'entries' | 'connected' | 'onConnected'>,
  clock: Pick<Clock, 'monotonic'>,
  { labels: wanted = [] }: ClusterMetricsOptions = {},
): Disposable {
  const stack = new DisposableStack();
  const listedAtMs = new WeakMap<Cluster, number>();
  stack.use(
    clusters.onConnected((cluster) => {
      listedAtMs.set(cluster, clock.monotonic());
      const { server } = cluster;
      // The subscription ends with the live state.
      cluster.live.subscribe(({ object: { apiVersion, kind } }) =>
        metrics.count('argocd_cluster_events_total', { server, group: groupOf(apiVersion), kind }),
      );
    }),
  );
  const each = (
    name: string,
    sample: (entry: ClusterEntry) => GaugeSample | undefined,
    further: readonly string[] = [],
  ): void => {
    const { help = '', labels = [] } = METRICS[name] ?? {};
    const collect = () =>
      clusters.entries.map(sample).filter((found): found is GaugeSample => found !== undefined);
    stack.use(metrics.gauge(name, help, [...labels, ...further], collect));
  };
  const versionOf = ({ server }: ClusterEntry) => clusters.connected(server)?.version ?? '';

  each('argocd_cluster_info', (entry) => ({
    labels: { server: entry.server, k8s_version: versionOf(entry), name: entry.name },
    value: 1,
  }));
  const shown = labelNames(wanted);
  if (shown.size > 0)
    each(
      'argocd_cluster_labels',
      ({ server, name, labels }) => ({
        labels: { server, name, ...chosenLabels(labels, shown) },
        value: 1,
      }),
      [...shown.keys()],
    );
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
  each('argocd_cluster_api_resource_objects', ({ server }) => {
    const cluster = clusters.connected(server);
    return cluster && { labels: { server }, value: cluster.live.size };
  });
  each('argocd_cluster_cache_age_seconds', ({ server }) => {
    const cluster = clusters.connected(server);
    const atMs = cluster && listedAtMs.get(cluster);
    const value = atMs === undefined ? -1 : (clock.monotonic() - atMs) / 1000;
    return { labels: { server }, value };
  });
  return stack;
}
