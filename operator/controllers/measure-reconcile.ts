import type { AppKey } from '../core/app/app-key.ts';
import { isJsonObject } from '../core/objects/json.ts';
import { toTiphysError } from '../core/errors.ts';
import type { EnginePorts } from '../engine/ports.ts';
import type { Controller, ControllerOptions } from '../runtime/controller.ts';

/** Argo CD's name of the queue, so that its dashboards find it. */
const QUEUE = { name: 'app_reconciliation_queue' } as const;

type Work = ControllerOptions<AppKey>['reconcile'];

/** What is counted and timed about the work on Applications; none of it changes the work. */
export interface Measured {
  reconcile(work: Work): Work;
  added(): void;
  failed(error: unknown): void;
  /** A key was due for so long before its turn came. */
  taken(dueForMs: number): void;
  /** Shows how many keys are due, and for how long others are worked on, until disposed of. */
  queue(controller: Pick<Controller<AppKey>, 'depth'>): Disposable;
}

export function measureReconciles({
  apps,
  clock,
  metrics,
}: Pick<EnginePorts, 'apps' | 'clock' | 'metrics'>): Measured {
  const startedAtMs = new Map<AppKey, number>();

  return {
    reconcile: (work) => async (key, signal, aside) => {
      const labels = { namespace: namespaceOf(key), dest_server: destinationOf(key) };
      const startedMs = clock.monotonic();
      startedAtMs.set(key, startedMs);
      try {
        return await work(key, signal, aside);
      } finally {
        startedAtMs.delete(key);
        const seconds = (clock.monotonic() - startedMs) / 1000;
        metrics.observe('workqueue_work_duration_seconds', QUEUE, seconds);
        metrics.observe('argocd_app_reconcile', labels, seconds);
      }
    },
    added: () => metrics.count('workqueue_adds_total', QUEUE),
    failed(error) {
      metrics.count('workqueue_retries_total', QUEUE);
      metrics.count('tiphys_reconcile_errors_total', { code: toTiphysError(error).code });
    },
    taken: (dueForMs) =>
      metrics.observe('workqueue_queue_duration_seconds', QUEUE, dueForMs / 1000),
    queue(controller) {
      const shown = new DisposableStack();
      const show = (name: string, value: () => number) =>
        shown.use(metrics.gauge(name, '', ['name'], () => [{ labels: QUEUE, value: value() }]));
      show('workqueue_depth', () => controller.depth);
      show('workqueue_unfinished_work_seconds', () => running().reduce((sum, one) => sum + one, 0));
      show('workqueue_longest_running_processor_seconds', () => Math.max(0, ...running()));
      return shown;
    },
  };

  function running(): readonly number[] {
    return Array.from(startedAtMs.values(), (atMs) => (clock.monotonic() - atMs) / 1000);
  }

  function destinationOf(key: AppKey): string {
    const spec = apps.get(key)?.['spec'];
    const destination = isJsonObject(spec) ? spec['destination'] : undefined;
    if (!isJsonObject(destination)) return '';
    const { server, name } = destination;
    if (typeof server === 'string' && server !== '') return server;
    return typeof name === 'string' ? name : '';
  }
}

const namespaceOf = (key: AppKey): string => key.slice(0, key.indexOf('/'));
