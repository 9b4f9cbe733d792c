import { jsonEqual } from '../core/objects/json.ts';
import type { Hydrator } from '../engine/hydrator/hydrator.ts';
import type { HydratorPorts } from '../engine/hydrator/ports.ts';
import type { AppChange } from '../ports/app-store.ts';
import type { SourceRepositories } from '../ports/source-repositories.ts';
import type { Metrics } from '../ports/telemetry.ts';
import { type Controller, createController } from '../runtime/controller.ts';
import type { AddOptions } from '../runtime/work-queue.ts';
import { measureQueue } from './measure-queue.ts';
import { readsDrySource } from './reads-from.ts';

export interface HydratorControllerOptions {
  readonly ports: HydratorPorts & { readonly metrics: Metrics };
  readonly hydrator: Hydrator;
  readonly repositories: Pick<SourceRepositories, 'onMoved'>;
  /** Groups worked on at the same time. */
  readonly workers: number;
}

/**
 * Watches Applications, projects and repositories, and enqueues the groups that a change concerns. Built idle; `start`
 * begins, disposing stops the workers and then the watching.
 */
export function createHydratorController(options: HydratorControllerOptions): Controller<string> {
  const { ports, hydrator, repositories } = options;
  const subscriptions = new DisposableStack();
  // Argo CD's name of the queue, so that its dashboards find it.
  const measured = measureQueue<string>('manifest_hydration_queue', ports);
  const controller = createController<string>({
    name: 'hydrator',
    clock: ports.clock,
    workers: options.workers,
    reconcile: measured.reconcile(hydrator.hydrate),
    onTaken: (_group, dueForMs) => measured.taken(dueForMs),
    onError(_group, error, failures, retryAfterMs) {
      measured.failed();
      ports.logger.warn({ err: error, failures, retryAfterMs }, 'hydration failed');
    },
  });

  function enqueue(group: string, how?: AddOptions): void {
    measured.added();
    controller.enqueue(group, how);
  }

  function onApp(change: AppChange): void {
    if (!isRelevant(change)) return;
    // Who leaves a group may be the one that kept it waiting.
    for (const raw of [change.object, change.previous]) {
      const group = raw && hydrator.groupOf(raw);
      if (group !== undefined) enqueue(group);
    }
  }

  function enqueueWhere(where: (app: AppChange['object']) => boolean): void {
    const groups = new Set(
      ports.apps.list().flatMap((app) => (where(app) ? (hydrator.groupOf(app) ?? []) : [])),
    );
    for (const group of groups) enqueue(group, { priority: -1 });
  }

  return {
    ...controller,
    enqueue,
    get idle() {
      return controller.idle;
    },
    get depth() {
      return controller.depth;
    },
    start() {
      subscriptions.use(measured.show(controller));
      subscriptions.use(ports.apps.onChange(onApp));
      subscriptions.use(ports.projects.onChange(() => enqueueWhere(() => true)));
      subscriptions.use(
        repositories.onMoved((url) => enqueueWhere((app) => readsDrySource(app, url))),
      );
      enqueueWhere(() => true);
      controller.start();
    },
    async [Symbol.asyncDispose]() {
      await controller[Symbol.asyncDispose]();
      subscriptions.dispose();
    },
  };
}

/** Status is what we write ourselves. */
function isRelevant({ type, object, previous }: AppChange): boolean {
  if (type === 'deleted' || previous === undefined) return true;
  return (
    !jsonEqual(object['spec'], previous['spec']) ||
    !jsonEqual(object.metadata.annotations, previous.metadata.annotations) ||
    object.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp
  );
}
