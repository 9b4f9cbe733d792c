import { join } from 'node:path';
import { createApplicationController } from './controllers/application.ts';
import { ensureDefaultProject } from './controllers/app-project.ts';
import type { AppKey } from './core/app/app-key.ts';
import { lookUpCredentials } from './core/revision/credentials.ts';
import { instanceOf } from './core/tracking/tracking.ts';
import { createManifestSource } from './engine/manifests/index.ts';
import type { EnginePorts, EngineSettings } from './engine/ports.ts';
import { createReconciler } from './engine/reconciler.ts';
import { createGitRepositories } from './git/index.ts';
import { createKubeClient } from './kube/kube-client.ts';
import type { KubeConnection } from './kube/connection.ts';
import { connectionFromClusterSecret } from './kube/cluster-secret.ts';
import { createAppStore, createProjectStore } from './live/app-store.ts';
import { createClusters } from './live/clusters.ts';
import { createConfigStore } from './live/config-store.ts';
import { DEFAULT_EXCLUSIONS, isExcludedKind } from './live/excluded-kinds.ts';
import { createLiveState } from './live/live-state.ts';
import { engineSettings } from './operator-options.ts';
import type { Clock, EventSink, Logger, Metrics } from './ports/index.ts';
import type { GeneratorRegistry, GeneratorSettings } from './ports/generator.ts';
import { systemClock } from './runtime/clock.ts';
import type { Controller } from './runtime/controller.ts';

export interface OperatorOptions {
  /** The cluster that holds the Applications; also the destination `https://kubernetes.default.svc`. */
  readonly connection: KubeConnection;
  /** Namespace of the control plane. */
  readonly namespace: string;
  /** Folder for Git mirrors and temporary files, for this operator alone. */
  readonly dataDir: string;
  readonly generators: GeneratorRegistry;
  readonly generatorSettings?: () => GeneratorSettings;
  /** Engine settings that differ from the defaults. */
  readonly settings?: Partial<EngineSettings>;
  readonly workers?: number;
  readonly git?: {
    readonly program?: string;
    readonly path?: string;
    readonly pollIntervalMs?: number;
    readonly pollJitterMs?: number;
    readonly timeoutMs?: number;
    readonly allowLocal?: boolean;
  };
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: EventSink;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** A running operator. Disposing stops it in reverse order of starting. */
export interface Operator extends AsyncDisposable {
  /** Connects, lists, and begins to reconcile. Errors: what the API server says. */
  start(signal: AbortSignal): Promise<void>;
  /** Whether everything is listed and the workers run. */
  readonly ready: boolean;
  /** The controller of Applications, once started. */
  readonly controller: Controller<AppKey> | undefined;
}

const DEFAULT_WORKERS = 20;

/**
 * Wires a whole operator from plain values. Building opens nothing; `start` does. Two operators can
 * live in one process as long as their `dataDir`s differ.
 */
export function createOperator(options: OperatorOptions): Operator {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const { logger, namespace } = options;
  const settings = engineSettings({ ...options.settings, namespace });
  const stack = new AsyncDisposableStack();
  let controller: Controller<AppKey> | undefined;
  let ready = false;

  async function start(signal: AbortSignal): Promise<void> {
    const shared = { clock, random, logger };
    const client = stack.use(createKubeClient({ connection: options.connection, clock, random }));
    const catalogue = await client.discover(signal);
    const config = stack.use(createConfigStore({ ...shared, client, namespace }));
    const projects = stack.use(createProjectStore({ ...shared, client, catalogue, namespace }));
    const apps = stack.use(
      createAppStore({
        ...shared,
        client,
        catalogue,
        namespace,
        allNamespaces: settings.applicationNamespaces.length > 0,
      }),
    );
    await Promise.all([config.start(signal), projects.start(signal), apps.start(signal)]);
    await ensureDefaultProject(client, namespace, { projects, logger }, signal);

    const clusters = stack.use(
      createClusters({
        config,
        inCluster: client,
        connect: (secret) =>
          createKubeClient({ connection: connectionFromClusterSecret(secret), clock, random }),
        createLive: (destination, scope) =>
          createLiveState({
            ...shared,
            ...scope,
            client: destination,
            instanceOf: (object) => instanceOf(object, settings.tracking),
            excluded: (kind) => isExcludedKind(kind, DEFAULT_EXCLUSIONS, []),
            fieldManagers: [settings.fieldManager],
          }),
        clock,
        logger,
      }),
    );
    const {
      pollIntervalMs = 120_000,
      pollJitterMs = 60_000,
      timeoutMs = 90_000,
    } = options.git ?? {};
    const repositories = stack.use(
      createGitRepositories({
        ...shared,
        ...options.git,
        dir: join(options.dataDir, 'git'),
        credentials: (url) => lookUpCredentials(url, config),
        pollIntervalMs,
        pollJitterMs,
        timeoutMs,
        maxConcurrent: 10,
      }),
    );
    const manifests = createManifestSource({
      repositories,
      generators: options.generators,
      settings: options.generatorSettings ?? (() => ({})),
      limits: { maxCacheBytes: 256 * 2 ** 20, failureMs: 5_000 },
      clock,
      metrics: options.metrics,
    });
    const { metrics, events } = options;
    const ports: EnginePorts = {
      ...shared,
      apps,
      projects,
      clusters,
      manifests,
      events,
      metrics,
    };
    controller = stack.use(
      createApplicationController({
        ports,
        settings,
        reconciler: createReconciler(ports, settings),
        repositories,
        workers: options.workers ?? DEFAULT_WORKERS,
      }),
    );
    controller.start();
    ready = true;
    logger.info({ namespace, applications: apps.list().length }, 'operator started');
  }

  return {
    start,
    get ready() {
      return ready;
    },
    get controller() {
      return controller;
    },
    async [Symbol.asyncDispose]() {
      ready = false;
      await stack.disposeAsync();
    },
  };
}
