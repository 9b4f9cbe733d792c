import { isJsonObject, type JsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { AppStore } from '../ports/app-store.ts';
import type { Metrics } from '../ports/telemetry.ts';

const LABELS = [
  'namespace',
  'name',
  'project',
  'autosync_enabled',
  'repo',
  'dest_server',
  'dest_namespace',
  'sync_status',
  'health_status',
  'operation',
] as const;

/** One sample for each Application, with what people put on dashboards as labels. */
export function registerAppMetrics(metrics: Metrics, apps: Pick<AppStore, 'list'>): Disposable {
  return metrics.gauge('argocd_app_info', 'Information about each Application.', LABELS, () =>
    apps.list().map((app) => ({ labels: labelsOf(app), value: 1 })),
  );
}

function labelsOf(app: KubeObject): Readonly<Record<(typeof LABELS)[number], string>> {
  const spec = part(app, 'spec');
  const status = part(app, 'status');
  const destination = part(spec, 'destination');
  const automated = part(spec, 'syncPolicy')['automated'];
  const sources = spec['sources'];
  const first = Array.isArray(sources) ? sources.find(isJsonObject) : part(spec, 'source');
  const deleting = app.metadata.deletionTimestamp !== undefined;
  return {
    namespace: app.metadata.namespace ?? '',
    name: app.metadata.name ?? '',
    project: text(spec, 'project') || 'default',
    autosync_enabled: String(isJsonObject(automated) && automated['enabled'] !== false),
    repo: text(first ?? {}, 'repoURL'),
    dest_server: text(destination, 'server') || text(destination, 'name'),
    dest_namespace: text(destination, 'namespace'),
    sync_status: text(part(status, 'sync'), 'status') || 'Unknown',
    health_status: text(part(status, 'health'), 'status') || 'Unknown',
    operation: deleting ? 'delete' : app['operation'] === undefined ? '' : 'sync',
  };
}

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

function text(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}
