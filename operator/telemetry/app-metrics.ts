import { isJsonObject, type JsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { normaliseRepositoryUrl, withoutCredentials } from '../core/revision/repository-url.ts';
import type { AppStore } from '../ports/app-store.ts';
import type { GaugeSample, Metrics } from '../ports/telemetry.ts';
import { METRICS } from './metric-names.ts';

const NAME = 'argocd_app_info';

/**
 * The gauge `argocd_app_info`: one sample for each Application, with what people put on dashboards
 * as labels, read from the raw object so that malformed Applications are seen too. A destination by
 * name shows the name in `dest_server`.
 */
export function registerAppMetrics(metrics: Metrics, apps: Pick<AppStore, 'list'>): Disposable {
  const { help = '', labels = [] } = METRICS[NAME] ?? {};
  return metrics.gauge(NAME, help, labels, () =>
    apps.list().map((app) => ({ labels: labelsOf(app), value: 1 })),
  );
}

function labelsOf(app: KubeObject): GaugeSample['labels'] {
  const spec = part(app, 'spec');
  const status = part(app, 'status');
  const destination = part(spec, 'destination');
  const automated = part(spec, 'syncPolicy')['automated'];
  const deleting = app.metadata.deletionTimestamp !== undefined;
  return {
    namespace: app.metadata.namespace ?? '',
    name: app.metadata.name ?? '',
    project: text(spec, 'project') || 'default',
    autosync_enabled: String(isJsonObject(automated) && automated['enabled'] !== false),
    repo: shownUrl(text(firstSource(spec), 'repoURL')),
    dest_server: text(destination, 'server') || text(destination, 'name'),
    dest_namespace: text(destination, 'namespace'),
    sync_status: text(part(status, 'sync'), 'status') || 'Unknown',
    health_status: text(part(status, 'health'), 'status') || 'Unknown',
    operation: deleting ? 'delete' : app['operation'] === undefined ? '' : 'sync',
  };
}

/** A hydrator's dry source goes before several sources, and those before the single one. */
function firstSource(spec: JsonObject): JsonObject {
  const hydrator = spec['sourceHydrator'];
  if (isJsonObject(hydrator)) return part(hydrator, 'drySource');
  const sources = spec['sources'];
  const first = Array.isArray(sources) ? sources.find(isJsonObject) : undefined;
  return first ?? part(spec, 'source');
}

/** In `ssh://git@host/…` the user is part of the address; in an HTTP URL it may carry a password. */
function shownUrl(url: string): string {
  return normaliseRepositoryUrl(
    /^https?:/i.test(url.trim()) ? withoutCredentials(url.trim()) : url,
  );
}

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

function text(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}
