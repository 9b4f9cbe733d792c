/** A metric as it is documented: what it tells and by which labels. */
export interface MetricDefinition {
  readonly type: 'counter' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const APP = ['namespace', 'name', 'project'] as const;

/** Metrics with Argo CD's names where it has one; ours begin with `tiphys_`. Gauges are registered where they are computed. */
export const METRICS: Readonly<Record<string, MetricDefinition>> = {
  argocd_app_sync_total: {
    type: 'counter',
    help: 'Finished sync operations.',
    labels: [...APP, 'dest_server', 'phase', 'dry_run'],
  },
  argocd_app_sync_duration_seconds_total: {
    type: 'counter',
    help: 'Seconds spent in finished sync operations.',
    labels: [...APP, 'dest_server'],
  },
  argocd_app_reconcile: {
    type: 'histogram',
    help: 'Seconds of one reconcile.',
    labels: ['namespace', 'dest_server'],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16],
  },
  tiphys_reconcile_errors_total: {
    type: 'counter',
    help: 'Reconciles that could not report their outcome and are tried again.',
    labels: ['code'],
  },
  tiphys_dry_runs_total: {
    type: 'counter',
    help: 'Suspected differences that the API server was asked about.',
    labels: ['verdict'],
  },
  tiphys_events_dropped_total: {
    type: 'counter',
    help: 'Kubernetes Events that were not delivered.',
    labels: ['reason'],
  },
};
