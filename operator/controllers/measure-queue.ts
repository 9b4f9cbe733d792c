import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/telemetry.ts';
import type { Controller, ControllerOptions } from '../runtime/controller.ts';

type Work<K> = ControllerOptions<K>['reconcile'];

/** What is counted and timed about a queue and the work on its keys; none of it changes the work. */
export interface MeasuredQueue<K> {
  /** `onEnd` is told how many seconds the work on a key took, however it ended. */
  reconcile(work: Work<K>, onEnd?: (key: K, seconds: number) => void): Work<K>;
  added(): void;
  failed(): void;
  /** A key was due for so long before its turn came. */
  taken(dueForMs: number): void;
  /** Shows how many keys are due, and for how long others are worked on, until disposed of. */
  show(controller: Pick<Controller<K>, 'depth'>): Disposable;
}

/** The metrics `workqueue_…` of one queue, by its name. */
export function measureQueue<K>(
  name: string,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics },
): MeasuredQueue<K> {
  const labels = { name };
  const startedAtMs = new Map<K, number>();
  const running = (): readonly number[] =>
    Array.from(startedAtMs.values(), (atMs) => (clock.monotonic() - atMs) / 1000);

  return {
    reconcile: (work, onEnd) => async (key, signal, aside) => {
      const startedMs = clock.monotonic();
      startedAtMs.set(key, startedMs);
      try {
        return await work(key, signal, aside);
      } finally {
        startedAtMs.delete(key);
        const seconds = (clock.monotonic() - startedMs) / 1000;
        metrics.observe('workqueue_work_duration_seconds', labels, seconds);
        onEnd?.(key, seconds);
      }
    },
    added: () => metrics.count('workqueue_adds_total', labels),
    failed: () => metrics.count('workqueue_retries_total', labels),
    taken: (dueForMs) =>
      metrics.observe('workqueue_queue_duration_seconds', labels, dueForMs / 1000),
    show(controller) {
      const shown = new DisposableStack();
      const gauge = (metric: string, value: () => number) =>
        shown.use(metrics.gauge(metric, '', ['name'], () => [{ labels, value: value() }]));
      gauge('workqueue_depth', () => controller.depth);
      gauge('workqueue_unfinished_work_seconds', () =>
        running().reduce((sum, one) => sum + one, 0),
      );
      gauge('workqueue_longest_running_processor_seconds', () => Math.max(0, ...running()));
      return shown;
    },
  };
}
