import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { GaugeSample, Metrics } from '../ports/telemetry.ts';
import { type MetricDefinition, METRICS } from './metric-names.ts';

export interface PrometheusMetrics extends Metrics {
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

type Labels = Readonly<Record<string, string>>;
type Collect = () => Iterable<GaugeSample>;

/** A registered metric, with the labels it takes. */
type Registered = {
  readonly labels: ReadonlySet<string>;
  /** The label sets of counters and histograms, by their values. */
  readonly series: Map<string, Record<string, string>>;
} & (
  | { readonly type: 'counter'; readonly metric: Counter }
  | { readonly type: 'histogram'; readonly metric: Histogram }
  | { readonly type: 'gauge'; readonly metric: Gauge; readonly collectors: Set<Collect> }
);

const MISUSE = 'tiphys_metric_misuse_total';

/**
 * Metrics in a registry of their own, so that several operators can live in one process; with those
 * of the process itself. Measuring never fails: what Prometheus cannot take (another type under the
 * same name, not a number) is counted in `tiphys_metric_misuse_total`. A name that is not in the
 * catalogue is registered on first use; labels it did not have then are left away later.
 */
export function createMetrics(): PrometheusMetrics {
  const registry = new Registry();
  // The default, 10 ms, wakes an idle process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 500 });
  const all = new Map<string, Registered>();
  for (const [name, definition] of Object.entries(METRICS))
    if (definition.type !== 'gauge') register(name, definition); // a gauge without samples tells nothing

  function register(name: string, definition: MetricDefinition): Registered {
    const { type, help, labels, buckets } = definition;
    const configuration = { name, help, labelNames: [...labels], registers: [registry] };
    const rest = { labels: new Set(labels), series: new Map() };
    let registered: Registered;
    if (type === 'counter') registered = { ...rest, type, metric: new Counter(configuration) };
    else if (type === 'histogram') {
      const bounds = buckets === undefined ? {} : { buckets: [...buckets] };
      registered = { ...rest, type, metric: new Histogram({ ...configuration, ...bounds }) };
    } else {
      const collectors = new Set<Collect>();
      const metric = new Gauge({ ...configuration, collect: () => fill(name) });
      registered = { ...rest, type, metric, collectors };
    }
    all.set(name, registered);
    return registered;
  }

  /** Asks everybody who registered the gauge; one that fails must not take the other metrics away. */
  function fill(name: string): void {
    const gauge = all.get(name);
    if (gauge?.type !== 'gauge') return;
    gauge.metric.reset();
    for (const collect of gauge.collectors)
      safely(name, () => {
        for (const { labels, value } of collect()) gauge.metric.set(taken(gauge, labels), value);
      });
  }

  function record(
    name: string,
    type: 'counter' | 'histogram',
    labels: Labels,
    value: number,
  ): void {
    safely(name, () => {
      const metric =
        all.get(name) ?? register(name, { type, help: name, labels: Object.keys(labels) });
      // prom-client lets NaN pass, and a counter is then NaN for ever.
      if (metric.type !== type || !Number.isFinite(value)) return misused(name);
      const own = taken(metric, labels);
      if (metric.type === 'counter') metric.metric.inc(own, value);
      else metric.metric.observe(own, value);
      metric.series.set(JSON.stringify(own), own);
    });
  }

  /** What prom-client refuses is a mistake of ours; the work that is measured must go on. */
  function safely(name: string, work: () => void): void {
    try {
      work();
    } catch {
      misused(name); // counted: no logger is known here
    }
  }

  function misused(name: string): void {
    const metric = all.get(MISUSE);
    if (metric?.type === 'counter') metric.metric.inc({ metric: name });
  }

  /** prom-client tells its series only asynchronously, and counts what comes in between. */
  function forget(labels: Labels): void {
    const wanted = Object.entries(labels);
    for (const { metric, type, series } of all.values()) {
      if (type === 'gauge') continue;
      for (const [key, own] of series)
        if (wanted.every(([name, value]) => own[name] === value)) {
          series.delete(key);
          metric.remove(own);
        }
    }
  }

  function gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    collect: Collect,
  ): Disposable {
    safely(name, () => {
      const known = METRICS[name];
      const labels = known === undefined || known.furtherLabels ? labelNames : known.labels;
      const existing =
        all.get(name) ?? register(name, { type: 'gauge', help: known?.help ?? help, labels });
      if (existing.type === 'gauge') existing.collectors.add(collect);
      else misused(name);
    });
    return {
      [Symbol.dispose]() {
        const registered = all.get(name);
        if (registered?.type !== 'gauge' || !registered.collectors.delete(collect)) return;
        if (registered.collectors.size > 0) return;
        all.delete(name);
        registry.removeSingleMetric(name);
      },
    };
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count: (name, labels, by = 1) => record(name, 'counter', labels, by),
    observe: (name, labels, value) => record(name, 'histogram', labels, value),
    gauge,
    forget,
  };
}

/** Only the labels that the metric has, in its order: prom-client throws for any other. */
function taken({ labels: names }: Registered, labels: Labels): Record<string, string> {
  const own: Record<string, string> = {};
  for (const name of names) {
    const value = labels[name];
    if (value !== undefined) own[name] = value;
  }
  return own;
}
