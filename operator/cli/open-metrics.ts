import { createMetrics, type PrometheusMetrics } from '../telemetry/metrics.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import { readVersion } from './version.ts';

/** Metrics that say which version tells them, until the stack is disposed. Errors: `Internal`, without our package. */
export async function openMetrics(stack: AsyncDisposableStack): Promise<PrometheusMetrics> {
  const version = await readVersion();
  const metrics = createMetrics();
  const { help = '', labels = [] } = METRICS['argocd_info'] ?? {};
  stack.use(metrics.gauge('argocd_info', help, labels, () => [{ labels: { version }, value: 1 }]));
  return metrics;
}
