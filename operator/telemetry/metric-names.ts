/** A metric as it is documented: what it tells and by which labels. */
export interface MetricDefinition {
  readonly type: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  /** Whether labels that are named in the settings come after these. */
  readonly furtherLabels?: true;
  /** Upper bounds of a histogram; seconds where the name says nothing else. */
  readonly buckets?: readonly number[];
}

const APP = ['namespace', 'name', 'project'] as const;
const QUICK = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60] as const;

/**
 * Every metric by name: with Argo CD's names where it has one, so that its dashboards work; ours
 * begin with `tiphys_`. Gauges are computed where `Metrics.gauge` is called; help and labels stand here.
 */
export const METRICS: Readonly<Record<string, MetricDefinition>> = {
  argocd_info: {
    type: 'gauge',
    help: 'Which version of Tiphys this is.',
    labels: ['version'],
  },
  argocd_app_info: {
    type: 'gauge',
    help: 'Information about each Application.',
    labels: [
      ...APP,
      'autosync_enabled',
      'repo',
      'dest_server',
      'dest_namespace',
      'sync_status',
      'health_status',
      'operation',
    ],
  },
  argocd_app_labels: {
    type: 'gauge',
    help: 'Labels of each Application that are named by --metrics-application-labels.',
    labels: APP,
    furtherLabels: true,
  },
  argocd_app_condition: {
    type: 'gauge',
    help: 'Conditions of each Application of the types that are named by --metrics-application-conditions.',
    labels: [...APP, 'condition'],
  },
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
  argocd_app_orphaned_resources_count: {
    type: 'gauge',
    help: 'Objects in the namespace of an Application that nobody manages, where its project asks for them.',
    labels: APP,
  },
  argocd_app_k8s_request_total: {
    type: 'counter',
    help: 'Requests that working on an Application made to an API server; response_code is 0 without an answer.',
    labels: [
      ...APP,
      'server',
      'response_code',
      'verb',
      'resource_kind',
      'resource_namespace',
      'dry_run',
    ],
  },
  argocd_app_reconcile: {
    type: 'histogram',
    help: 'Seconds of one reconcile.',
    labels: ['namespace', 'dest_server'],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16],
  },
  argocd_cluster_events_total: {
    type: 'counter',
    help: 'Changes of objects seen in a cluster.',
    labels: ['server', 'group', 'kind'],
  },
  argocd_cluster_info: {
    type: 'gauge',
    help: 'Information about each cluster.',
    labels: ['server', 'k8s_version', 'name'],
  },
  argocd_cluster_labels: {
    type: 'gauge',
    help: 'Labels of the Secret of each cluster that are named by --metrics-cluster-labels.',
    labels: ['server', 'name'],
    furtherLabels: true,
  },
  argocd_cluster_connection_status: {
    type: 'gauge',
    help: 'Whether a cluster can be reached: 1, or 0.',
    labels: ['server', 'k8s_version'],
  },
  argocd_cluster_api_resources: {
    type: 'gauge',
    help: 'Kinds watched in a cluster.',
    labels: ['server'],
  },
  argocd_cluster_api_resource_objects: {
    type: 'gauge',
    help: 'Objects held in memory of a cluster.',
    labels: ['server'],
  },
  argocd_cluster_cache_age_seconds: {
    type: 'gauge',
    help: 'Seconds since a cluster was listed in full, which it is once; watches keep it current. -1 when it never was.',
    labels: ['server'],
  },
  workqueue_depth: {
    type: 'gauge',
    help: 'Keys that are due and not worked on yet.',
    labels: ['name'],
  },
  workqueue_adds_total: {
    type: 'counter',
    help: 'Keys added to a work queue.',
    labels: ['name'],
  },
  workqueue_retries_total: {
    type: 'counter',
    help: 'Keys that a work queue took again after a failure.',
    labels: ['name'],
  },
  workqueue_queue_duration_seconds: {
    type: 'histogram',
    help: 'Seconds from a key being due to its work beginning.',
    labels: ['name'],
    buckets: QUICK,
  },
  workqueue_work_duration_seconds: {
    type: 'histogram',
    help: 'Seconds of work on one key.',
    labels: ['name'],
    buckets: QUICK,
  },
  workqueue_unfinished_work_seconds: {
    type: 'gauge',
    help: 'Seconds of work on all keys that are being worked on, together.',
    labels: ['name'],
  },
  workqueue_longest_running_processor_seconds: {
    type: 'gauge',
    help: 'Seconds of work on the key that has been worked on for longest.',
    labels: ['name'],
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
  tiphys_renders_total: {
    type: 'counter',
    help: 'Sources rendered: `ok` or `failed`.',
    labels: ['generator', 'result'],
  },
  tiphys_manifest_cache_total: {
    type: 'counter',
    help: 'Requests for manifests: `hit` when they were rendered before, else `miss`.',
    labels: ['result'],
  },
  argocd_login_request_total: {
    type: 'counter',
    help: 'Attempts to sign in with a password, by how they ended: success or failure.',
    labels: ['status'],
  },
  argocd_proxy_extension_request_total: {
    type: 'counter',
    help: 'Requests that were passed on to services of extensions, by the status of the answer; `failed` without one.',
    labels: ['extension', 'status'],
  },
  argocd_proxy_extension_request_duration_seconds: {
    type: 'histogram',
    help: 'Seconds until the service of an extension began its answer.',
    labels: ['extension'],
    buckets: QUICK,
  },
  argocd_redis_request_total: {
    type: 'counter',
    help: 'Questions to Redis.',
    labels: ['hostname', 'initiator', 'command', 'failed'],
  },
  argocd_redis_request_duration: {
    type: 'histogram',
    help: 'Seconds of one question to Redis, failed ones included.',
    labels: ['hostname', 'initiator'],
    buckets: QUICK,
  },
  tiphys_cache_errors_total: {
    type: 'counter',
    help: 'Trouble with a cache, each a miss: `damaged` entries, and what `failed`.',
    labels: ['cache', 'reason'],
  },
  tiphys_manifest_render_seconds: {
    type: 'histogram',
    help: 'Seconds of one rendering.',
    labels: ['generator'],
    buckets: QUICK,
  },
  argocd_webhook_requests_total: {
    type: 'counter',
    help: 'Webhooks that told of a push or an artifact, by the repository as an Application has it; empty when it concerned none.',
    labels: ['repo'],
  },
  argocd_webhook_handlers_in_flight: {
    type: 'gauge',
    help: 'Webhooks that were answered, and whose Applications are being told.',
    labels: [],
  },
  tiphys_webhooks_total: {
    type: 'counter',
    help: 'Webhooks by the status that they were answered with.',
    labels: ['status'],
  },
  tiphys_events_dropped_total: {
    type: 'counter',
    help: 'Kubernetes Events that were not delivered: `queue-full`, `refused` or `stopped`.',
    labels: ['reason'],
  },
  tiphys_metric_misuse_total: {
    type: 'counter',
    help: 'Samples that could not be recorded: a defect in Tiphys.',
    labels: ['metric'],
  },
};
