import type { AppKey } from '../core/app/app-key.ts';
import { isJsonObject } from '../core/objects/json.ts';
import { toTiphysError } from '../core/errors.ts';
import type { EnginePorts } from '../engine/ports.ts';
import type { Controller, ControllerOptions } from '../runtime/controller.ts';
import { measureQueue } from './measure-queue.ts';

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
  // Argo CD's name of the queue, so that its dashboards find it.
  const queue = measureQueue<AppKey>('app_reconciliation_queue', { clock, metrics });

  return {
    reconcile: (work) => (key, signal, aside) => {
      const labels = { namespace: namespaceOf(key), dest_server: destinationOf(key) };
      const timed = queue.reconcile(work, (_key, seconds) =>
        metrics.observe('argocd_app_reconcile', labels, seconds),
      );
      return timed(key, signal, aside);
    },
    added: queue.added,
    failed(error) {
      queue.failed();
      metrics.count('tiphys_reconcile_errors_total', { code: toTiphysError(error).code });
    },
    taken: queue.taken,
    queue: queue.show,
  };

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
