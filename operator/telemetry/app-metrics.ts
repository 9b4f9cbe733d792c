import { isJsonArray, isJsonObject, type JsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { normaliseRepositoryUrl, withoutCredentials } from '../core/revision/repository-url.ts';
import type { AppStore } from '../ports/app-store.ts';
import type { GaugeSample, Metrics } from '../ports/telemetry.ts';
import { chosenLabels, labelNames } from './label-names.ts';
import { METRICS } from './metric-names.ts';

/** What is shown of Applications beyond `argocd_app_info`, because it was asked for. */
export interface AppMetricsOptions {
  /** Labels of Applications, shown as `label_NAME` of `argocd_app_labels`. */
  readonly labels?: readonly string[];
  /** Types of conditions, counted in `argocd_app_condition`. */
  readonly conditions?: readonly string[];
}

/**
 * The gauges about Applications, read from the raw objects so that malformed ones are seen too:
 * `argocd_app_info` with what people put on dashboards as labels (a destination by name shows the
 * name in `dest_server`), and their labels and conditions where the options name some. The counters
 * of an Application go when it is deleted.
 */
export function registerAppMetrics(
  metrics: Metrics,
  apps: Pick<AppStore, 'list' | 'onChange'>,
  { labels = [], conditions = [] }: AppMetricsOptions = {},
): Disposable {
  const stack = new DisposableStack();
  const show = (
    name: string,
    samples: (app: KubeObject) => readonly GaugeSample[],
    further: readonly string[] = [],
  ): void => {
    const { help = '', labels: own = [] } = METRICS[name] ?? {};
    const collect = () => apps.list().flatMap(samples);
    stack.use(metrics.gauge(name, help, [...own, ...further], collect));
  };

  show('argocd_app_info', (app) => [{ labels: labelsOf(app), value: 1 }]);
  const shown = labelNames(labels);
  if (shown.size > 0)
    show(
      'argocd_app_labels',
      (app) => [
        {
          labels: { ...subjectOf(app), ...chosenLabels(app.metadata.labels ?? {}, shown) },
          value: 1,
        },
      ],
      [...shown.keys()],
    );
  if (conditions.length > 0)
    show('argocd_app_condition', (app) =>
      conditions.map((condition) => ({
        labels: { ...subjectOf(app), condition },
        value: countConditions(app, condition),
      })),
    );
  stack.use(
    apps.onChange(({ type, object: { metadata } }) => {
      if (type !== 'deleted') return;
      metrics.forget({ namespace: metadata.namespace ?? '', name: metadata.name ?? '' });
    }),
  );
  return stack;
}

function subjectOf(app: KubeObject): GaugeSample['labels'] {
  return {
    namespace: app.metadata.namespace ?? '',
    name: app.metadata.name ?? '',
    project: text(part(app, 'spec'), 'project') || 'default',
  };
}

function countConditions(app: KubeObject, type: string): number {
  const conditions = part(app, 'status')['conditions'];
  if (!isJsonArray(conditions)) return 0;
  return conditions.filter((one) => isJsonObject(one) && one['type'] === type).length;
}

function labelsOf(app: KubeObject): GaugeSample['labels'] {
  const spec = part(app, 'spec');
  const status = part(app, 'status');
  const destination = part(spec, 'destination');
  const automated = part(spec, 'syncPolicy')['automated'];
  const deleting = app.metadata.deletionTimestamp !== undefined;
  return {
    ...subjectOf(app),
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
