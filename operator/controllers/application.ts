import { appKey, type AppKey } from '../core/app/app-key.ts';
import { instanceName, parseInstanceName } from '../core/app/names.ts';
import { wantsSomethingElse } from '../core/app/wants-something-else.ts';
import { isJsonObject, jsonEqual, type JsonValue } from '../core/objects/json.ts';
import {
  groupOf,
  idOf,
  resourceKey,
  type GroupKind,
  type KubeObject,
} from '../core/objects/kube-object.ts';
import type { KindSettings } from '../core/settings/settings-view.ts';
import { instanceOf } from '../core/tracking/tracking.ts';
import { COMPARE_OPTIONS_ANNOTATION } from '../engine/compare-application.ts';
import type { EnginePorts, EngineSettings } from '../engine/ports.ts';
import type { Reconciler } from '../engine/reconciler.ts';
import type { AppChange } from '../ports/app-store.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { LiveEvent } from '../ports/live-state.ts';
import type { SourceRepositories } from '../ports/source-repositories.ts';
import { createController, type Controller } from '../runtime/controller.ts';
import type { AddOptions } from '../runtime/work-queue.ts';
import { createDependents, isProgress } from './dependents.ts';
import { manages } from './manages.ts';
import { measureReconciles } from './measure-reconcile.ts';
import { concernedByOrphan, showOrphans } from './orphans.ts';
import { readsFrom, sameRepo } from './reads-from.ts';
import type { WebhookSpread } from './webhook-spread.ts';
import { askWorth, worthALook } from './worth-a-look.ts';

export interface ApplicationControllerOptions {
  readonly ports: EnginePorts;
  readonly settings: EngineSettings;
  readonly reconciler: Reconciler;
  readonly repositories: Pick<SourceRepositories, 'onMoved'>;
  /** Tells which kinds the administrator's settings treat differently now. */
  readonly resources: { onChange(listener: (kinds: readonly GroupKind[]) => void): Disposable };
  /** Tells that the administrator's settings about projects changed. */
  readonly projectSettings: { onChange(listener: () => void): Disposable };
  /** Tells who is to be spared for a while by a webhook that concerns many. */
  readonly spread: Pick<WebhookSpread, 'leftFor'>;
  /** Applications worked on at the same time. */
  readonly workers: number;
}

/** How far up from a changed object its application is looked for: Pod → ReplicaSet → Deployment. */
const OWNER_DEPTH = 8;

/**
 * Watches Applications, projects, repositories and live objects, and enqueues the applications that
 * a change concerns. Built idle; `start` begins, disposing stops the workers and then the watching.
 */
export function createApplicationController(
  options: ApplicationControllerOptions,
): Controller<AppKey> {
  const { ports, settings, reconciler, repositories } = options;
  const subscriptions = new DisposableStack();
  const stop = new AbortController();
  const dependents = createDependents();
  const measured = measureReconciles(ports);
  const controller = createController<AppKey>({
    name: 'application',
    clock: ports.clock,
    workers: options.workers,
    reconcile: measured.reconcile(reconciler.reconcile),
    onTaken: (_key, dueForMs) => measured.taken(dueForMs),
    onError(key, error, failures, retryAfterMs) {
      measured.failed(error);
      ports.logger.warn({ app: key, err: error, failures, retryAfterMs }, 'reconcile failed');
    },
  });

  function enqueue(key: AppKey, how?: AddOptions): void {
    measured.added();
    controller.enqueue(key, how);
  }

  function onApp(change: AppChange): void {
    if (change.type !== 'deleted' && !isRelevant(change)) return;
    // A new policy can change the decision although what is compared stays the same.
    if (!jsonEqual(change.object['spec'], change.previous?.['spec']) || comparesAnew(change))
      reconciler.request(change.key, 'recent');
    enqueue(change.key);
  }

  /** Those that wait for this one look again when something of it changed that they look at. */
  function onDependency(change: AppChange): void {
    dependents.note(change);
    if (change.type !== 'deleted' && !isProgress(change)) return;
    for (const key of dependents.of(change.key)) {
      reconciler.request(key, 'recent');
      enqueue(key);
    }
  }

  function onLive(cluster: Cluster, event: LiveEvent): void {
    const kind = ports.resources().kind(idOf(event.object));
    const worth = worthALook(event, kind);
    if (worth === 'yes') look(cluster, event);
    if (worth === 'ask') void ask(cluster, event, kind);
    for (const key of concernedByOrphan(event, cluster, ports, settings, reconciler)) {
      reconciler.request(key, 'recent');
      enqueue(key, { priority: -1 });
    }
  }

  /** Whatever goes wrong with the expressions, a look too many does no harm. */
  async function ask(cluster: Cluster, event: LiveEvent, kind: KindSettings): Promise<void> {
    const answer = await askWorth(event, kind, ports.scripts, stop.signal).catch(() => true);
    if (answer && !stop.signal.aborted) look(cluster, event);
  }

  function look(cluster: Cluster, event: LiveEvent): void {
    // An object that changes hands concerns both, the one that had it and the one that has it.
    const before = event.previous && instanceOf(event.previous, settings.tracking);
    for (const instance of new Set([ownerInstance(cluster, event.object), before])) {
      if (instance === undefined) continue;
      const { namespace, name } = parseInstanceName(instance, settings.namespace);
      const key = appKey(namespace, name);
      const app = ports.apps.get(key);
      if (app === undefined || app.metadata.uid === event.object.metadata.uid) continue;
      reconciler.request(key, 'recent');
      enqueue(key);
    }
  }

  function ownerInstance(cluster: Cluster, object: KubeObject): string | undefined {
    let current: KubeObject | undefined = object;
    for (let depth = 0; current !== undefined && depth < OWNER_DEPTH; depth += 1) {
      const instance = instanceOf(current, settings.tracking);
      if (instance !== undefined) return instance;
      current = ownerOf(cluster, current);
    }
    return undefined;
  }

  /** A repository of which one of its bases is. */
  function readsBesides({ metadata }: KubeObject, url: string): boolean {
    const { namespace = '', name = '' } = metadata;
    const instance = instanceName({ namespace, name }, settings.namespace);
    const others = ports.manifests.othersRead?.(instance) ?? [];
    return others.some(({ repoUrl }) => sameRepo(repoUrl, url));
  }

  function enqueueAll(
    where: (app: KubeObject) => boolean,
    level: 'recent' | 'latest' | 'moved',
  ): void {
    for (const app of ports.apps.list()) {
      if (!where(app)) continue;
      const key = appKey(app.metadata.namespace ?? '', app.metadata.name ?? '');
      if (level === 'moved') reconciler.moved(key);
      else reconciler.request(key, level);
      const afterMs = level === 'moved' ? options.spread.leftFor(key) : 0;
      enqueue(key, { priority: -1, afterMs });
    }
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
      subscriptions.use(measured.queue(controller));
      subscriptions.use(showOrphans(ports, reconciler));
      for (const app of ports.apps.list()) dependents.add(app);
      subscriptions.use(ports.apps.onChange(onApp));
      subscriptions.use(ports.apps.onChange(onDependency));
      subscriptions.use(
        ports.projects.onChange((name) => {
          const { globalProjects } = ports.projectSettings();
          const isGlobal = globalProjects.some(({ projectName }) => projectName === name);
          enqueueAll((app) => isGlobal || projectOf(app) === name, 'latest');
        }),
      );
      subscriptions.use(
        repositories.onMoved((url) =>
          enqueueAll((app) => readsFrom(app, url) || readsBesides(app, url), 'moved'),
        ),
      );
      subscriptions.use(
        options.resources.onChange((kinds) => enqueueAll((app) => manages(app, kinds), 'recent')),
      );
      subscriptions.use(options.projectSettings.onChange(() => enqueueAll(() => true, 'latest')));
      subscriptions.use(ports.clusters.onEntriesChanged(() => enqueueAll(() => true, 'recent')));
      subscriptions.use(
        ports.clusters.onConnected((cluster) =>
          subscriptions.use(cluster.live.subscribe((event) => onLive(cluster, event))),
        ),
      );
      enqueueAll(() => true, 'latest'); // Git and the cluster may have moved while nobody looked
      controller.start();
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('shutdown'));
      await controller[Symbol.asyncDispose]();
      subscriptions.dispose();
    },
  };
}

/** The first owner of an object that the store holds; owners are in the same namespace or have none. */
function ownerOf(cluster: Cluster, object: KubeObject): KubeObject | undefined {
  for (const { apiVersion, kind, name, uid } of object.metadata.ownerReferences ?? [])
    for (const namespace of [object.metadata.namespace ?? '', '']) {
      const key = resourceKey({ group: groupOf(apiVersion), kind, namespace, name });
      const owner = cluster.live.get(key);
      if (owner?.metadata.uid === uid) return owner;
    }
  return undefined;
}

/** Our own status writes come back as changes; only what somebody else says is worth a look. */
function isRelevant({ object, previous }: AppChange): boolean {
  if (
    previous === undefined ||
    object.metadata.resourceVersion === previous.metadata.resourceVersion
  )
    return previous === undefined;
  const { metadata } = object;
  return (
    wantsSomethingElse(previous, object) ||
    !jsonEqual(metadata.annotations, previous.metadata.annotations) ||
    !jsonEqual(metadata.finalizers, previous.metadata.finalizers) ||
    hydrationOf(object) !== hydrationOf(previous)
  );
}

function comparesAnew({ object, previous }: AppChange): boolean {
  const optionsOf = (app: KubeObject | undefined): string | undefined =>
    app?.metadata.annotations?.[COMPARE_OPTIONS_ANNOTATION];
  return optionsOf(object) !== optionsOf(previous);
}

/** An application without its branch says why, which the hydrator knows. */
function hydrationOf(app: KubeObject): JsonValue | undefined {
  const status = app['status'];
  const hydrator = isJsonObject(status) ? status['sourceHydrator'] : undefined;
  const last = isJsonObject(hydrator) ? hydrator['currentOperation'] : undefined;
  return isJsonObject(last) ? last['phase'] : undefined;
}

function projectOf(app: KubeObject): JsonValue | undefined {
  const spec = app['spec'];
  return isJsonObject(spec) ? spec['project'] : undefined;
}
