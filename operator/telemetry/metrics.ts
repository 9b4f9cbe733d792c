import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../ports/telemetry.ts';
import { METRICS, type MetricDefinition } from './metric-names.ts';

export interface PrometheusMetrics extends Metrics {
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Metrics in a registry of their own, so that several operators can live in one process. */
export function createMetrics(): PrometheusMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  for (const [name, definition] of Object.entries(METRICS))
    if (definition.type === 'counter') counters.set(name, counterOf(name, definition));
    else histograms.set(name, histogramOf(name, definition));

  function counterOf(name: string, { help, labels }: Pick<MetricDefinition, 'help' | 'labels'>) {
    return new Counter({ name, help, labelNames: [...labels], registers: [registry] });
  }

  function histogramOf(
    name: string,
    { help, labels, buckets }: Pick<MetricDefinition, 'help' | 'labels' | 'buckets'>,
  ) {
    return new Histogram({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
      ...(buckets === undefined ? {} : { buckets: [...buckets] }),
    });
  }

  /** A metric that is not in the catalogue is made on first use, with the labels it is given. */
  function known<T>(all: Map<string, T>, name: string, make: () => T): T {
    const existing = all.get(name);
    if (existing !== undefined) return existing;
    const made = make();
    all.set(name, made);
    return made;
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count(name, labels, by = 1) {
      const counter = known(counters, name, () =>
        counterOf(name, { help: name, labels: Object.keys(labels) }),
      );
      counter.inc({ ...labels }, by);
    },
    observe(name, labels, value) {
      const histogram = known(histograms, name, () =>
        histogramOf(name, { help: name, labels: Object.keys(labels) }),
      );
      histogram.observe({ ...labels }, value);
    },
    gauge(name, help, labelNames, collect) {
      const registered = new Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers: [registry],
        collect() {
          this.reset();
          for (const { labels, value } of collect()) this.set({ ...labels }, value);
        },
      });
      return {
        [Symbol.dispose]() {
          registered.reset();
          registry.removeSingleMetric(name);
        },
      };
    },
  };
}
