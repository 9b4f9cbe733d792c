import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createApplicationController } from './controllers/application.ts';
import { ensureDefaultProject } from './controllers/app-project.ts';
import type { AppKey } from './core/app/app-key.ts';
import { lookUpCredentials } from './core/revision/credentials.ts';
import { instanceOf } from './core/tracking/tracking.ts';
import { createDefaultGenerators } from './default-generators.ts';
import { createManifestSource } from './engine/manifests/index.ts';
import type { EnginePorts, EngineSettings } from './engine/ports.ts';
import { createReconciler } from './engine/reconciler.ts';
import { createGitRepositories } from './git/index.ts';
import { connectionFromClusterSecret } from './kube/cluster-secret.ts';
import type { KubeConnection } from './kube/connection.ts';
import { createKubeClient } from './kube/kube-client.ts';
import { createLeaseLock } from './kube/lease-lock.ts';
import { createAppStore, createProjectStore } from './live/app-store.ts';
import { createClusters, IN_CLUSTER_SERVER } from './live/clusters.ts';
import { createConfigStore } from './live/config-store.ts';
import {
  readControlPlaneSettings,
  type ControlPlaneSettings,
} from './live/control-plane-settings.ts';
import { isExcludedKind } from './live/excluded-kinds.ts';
import { followResourceSettings } from './live/follow-resource-settings.ts';
import type { ScriptEngine } from './ports/script-engine.ts';
import { createLiveState } from './live/live-state.ts';
import { engineSettings } from './operator-options.ts';
import type { ConfigStore } from './ports/config-store.ts';
import type { GeneratorRegistry, GeneratorSettings } from './ports/generator.ts';
import type { Clock, EventSink, Logger, Metrics } from './ports/index.ts';
import type { KubeClient } from './ports/kube-client.ts';
import { systemClock } from './runtime/clock.ts';
import type { Controller } from './runtime/controller.ts';
import {
  acquireLeadership,
  type Leadership,
  type LeaderElectionOptions,
} from './runtime/leader-election.ts';
import { silentLogger, silentMetrics } from './telemetry/silent.ts';
import { registerAppMetrics, type AppMetricsOptions } from './telemetry/app-metrics.ts';
import { registerClusterMetrics } from './telemetry/cluster-metrics.ts';
import { createEventSink } from './telemetry/event-sink.ts';

export interface OperatorOptions {
  /** The cluster that holds the Applications; also the destination `https://kubernetes.default.svc`. */
  readonly connection: KubeConnection;
  /** Namespace of the control plane. */
  readonly namespace: string;
  /** Folder for Git mirrors and temporary files, for this operator alone. Default: a temporary one, removed at the end. */
  readonly dataDir?: string;
  /** Default: Kustomize, Helm and plain folders. */
  readonly generators?: GeneratorRegistry;
  readonly generatorSettings?: () => GeneratorSettings;
  /** Engine settings that differ from the defaults. */
  readonly settings?: Partial<EngineSettings>;
  /** Applications worked on at the same time. Default 20. */
  readonly workers?: number;
  readonly git?: GitOptions;
  /** Work only while holding a lease; without it this operator must be the only one. */
  readonly leaderElection?: LeaderElection;
  /** Longest time of one request to an API server; not of watches. Default 60 s. */
  readonly requestTimeoutMs?: number;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default: none. */
  readonly metrics?: Metrics;
  /** What the metrics show of Applications beyond the usual. */
  readonly appMetrics?: AppMetricsOptions;
  /** Default: Kubernetes Events. */
  readonly events?: EventSink;
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** The lease, and how often it is renewed; defaults as in `acquireLeadership`. */
export interface LeaderElection
  extends Pick<LeaderElectionOptions, 'identity' | 'leaseMs' | 'renewDeadlineMs' | 'retryMs'> {
  /** Name of the Lease in the control-plane namespace. */
  readonly name: string;
}

export interface GitOptions {
  readonly program?: string;
  /** Where git is found, like PATH. */
  readonly path?: string;
  /** Extra variables for git, such as proxies. */
  readonly env?: Readonly<Record<string, string>>;
  readonly pollIntervalMs?: number;
  readonly pollJitterMs?: number;
  /** Longest time of one fetch. */
  readonly timeoutMs?: number;
  /** Allows `file://` URLs: for tests only. */
  readonly allowLocal?: boolean;
}

/** An operator. Disposing stops it: workers first, connections last. */
export interface Operator extends AsyncDisposable {
  /**
   * Connects and lists, then begins to reconcile, with leader election once it leads. Call it once.
   * Errors: what the API server says, e.g. `KubeNotFound` when the CRDs are missing.
   */
  start(signal: AbortSignal): Promise<void>;
  /** What is missing before it can work; empty when it works or stands by. */
  readonly notReady: readonly string[];
  /** Resolves with the reason when leadership was lost; the operator has stopped working then. */
  readonly lost: Promise<unknown>;
  /** For tests and tools: whether nothing is due. */
  readonly idle: boolean;
}

const DEFAULT_WORKERS = 20;
const MAX_CACHE_BYTES = 256 * 2 ** 20;
const RENDER_FAILURE_MS = 5_000;
const MAX_GIT_CONNECTIONS = 10;

/**
 * Wires a whole operator from plain values. Building opens nothing; `start` does. Several operators
 * can live in one process as long as their `dataDir`s differ.
 */
export function createOperator(options: OperatorOptions): Operator {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const logger = options.logger ?? silentLogger;
  const metrics = options.metrics ?? silentMetrics;
  let settings = engineSettings({ ...options.settings, namespace: options.namespace });
  const shared = { clock, random, logger };
  const { requestTimeoutMs = 60_000 } = options;
  const stack = new AsyncDisposableStack();
  const stop = new AbortController();
  const lost = Promise.withResolvers<unknown>();
  let controller: Controller<AppKey> | undefined;
  let leading: Promise<Leadership | undefined> = Promise.resolve(undefined);
  let notReady: readonly string[] = ['not started'];

  async function start(signal: AbortSignal): Promise<void> {
    notReady = ['connecting'];
    const dataDir = options.dataDir ?? temporaryDir(stack);
    const client = stack.use(
      createKubeClient({ connection: options.connection, requestTimeoutMs, clock, random }),
    );
    const stores = await startStores(client, signal);
    const configured = readSettings(stores.config);
    settings = { ...settings, tracking: options.settings?.tracking ?? configured.tracking };
    const events =
      options.events ??
      stack.use(createEventSink({ client, component: 'tiphys', clock, logger, metrics }));
    stack.use(registerAppMetrics(metrics, stores.apps, options.appMetrics));
    const clusters = stack.use(connectClusters(client, stores, configured));
    stack.use(registerClusterMetrics(metrics, clusters, clock));
    const repositories = stack.use(openRepositories(dataDir, stores));
    const resources = stack.use(followResourceSettings(stores.config, logger));
    const ports: EnginePorts = {
      ...shared,
      apps: stores.apps,
      projects: stores.projects,
      clusters,
      events,
      metrics,
      manifests: createManifestSource({
        repositories,
        generators: options.generators ?? createDefaultGenerators({ dataDir, clock }),
        settings: options.generatorSettings ?? (() => ({})),
        limits: { maxCacheBytes: MAX_CACHE_BYTES, failureMs: RENDER_FAILURE_MS },
        clock,
        metrics,
      }),
      scripts: noScripts,
      resources: resources.current,
    };
    const reconciler = createReconciler(ports, settings);
    const workers = options.workers ?? DEFAULT_WORKERS;
    controller = createApplicationController({
      ports,
      settings,
      reconciler,
      repositories,
      resources,
      workers,
    });
    if (options.leaderElection === undefined) beginWork(stores.apps.list().length);
    else {
      leading = lead(client, options.leaderElection, () => stores.apps.list().length);
      leading.catch(lost.resolve);
      await clusters.connect(IN_CLUSTER_SERVER, signal); // so that taking over is quick
    }
    notReady = [];
  }

  /** Marks and watches depend on them from the beginning, so a change waits for the next start. */
  function readSettings(config: ConfigStore): ControlPlaneSettings {
    const first = readControlPlaneSettings(config);
    for (const problem of first.problems) logger.warn({ problem }, 'argocd-cm has an invalid key');
    stack.use(
      config.onChange((object) => {
        if (object.metadata.name !== 'argocd-cm') return;
        if (isDeepStrictEqual(readControlPlaneSettings(config), first)) return;
        logger.warn(
          {},
          'argocd-cm changed tracking or exclusions; that takes effect at the next start',
        );
      }),
    );
    return first;
  }

  function beginWork(applications: number): void {
    controller?.start();
    logger.info({ namespace: settings.namespace, applications }, 'operator works');
  }

  async function startStores(client: KubeClient, signal: AbortSignal) {
    const { namespace, applicationNamespaces } = settings;
    const catalogue = await client.discover(signal);
    const all = { ...shared, client, catalogue, namespace };
    const config = stack.use(createConfigStore(all));
    const projects = stack.use(createProjectStore(all));
    const allNamespaces = applicationNamespaces.length > 0;
    const apps = stack.use(createAppStore({ ...all, allNamespaces }));
    await Promise.all([config.start(signal), projects.start(signal), apps.start(signal)]);
    await ensureDefaultProject(client, namespace, { projects, logger }, signal);
    return { config, projects, apps };
  }

  type Stores = Awaited<ReturnType<typeof startStores>>;

  function connectClusters(
    client: KubeClient,
    { config }: Stores,
    { exclusions, inclusions }: ControlPlaneSettings,
  ) {
    return createClusters({
      config,
      inCluster: client,
      connect: (secret) =>
        createKubeClient({
          connection: connectionFromClusterSecret(secret, clock),
          requestTimeoutMs,
          clock,
          random,
        }),
      createLive: (destination, scope) =>
        createLiveState({
          ...shared,
          ...scope,
          client: destination,
          instanceOf: (object) => instanceOf(object, settings.tracking),
          excluded: (kind) => isExcludedKind(kind, exclusions, inclusions),
          fieldManagers: [settings.fieldManager],
        }),
      clock,
      logger,
    });
  }

  function openRepositories(dataDir: string, { config }: Stores) {
    const {
      pollIntervalMs = 120_000,
      pollJitterMs = 60_000,
      timeoutMs = 90_000,
    } = options.git ?? {};
    return createGitRepositories({
      ...shared,
      ...options.git,
      dir: join(dataDir, 'git'),
      credentials: (url) => lookUpCredentials(url, config),
      pollIntervalMs,
      pollJitterMs,
      timeoutMs,
      maxConcurrent: MAX_GIT_CONNECTIONS,
    });
  }

  async function lead(
    client: KubeClient,
    { name, ...election }: LeaderElection,
    applications: () => number,
  ): Promise<Leadership> {
    const { identity } = election;
    logger.info({ lease: name, identity }, 'standing by for leadership');
    const leadership = await acquireLeadership(
      {
        ...election,
        lock: createLeaseLock({ client, namespace: settings.namespace, name }),
        clock,
        random,
        onTrouble: (error) => logger.warn({ lease: name, err: error }, 'lease not reached'),
      },
      stop.signal,
    );
    leadership.signal.addEventListener('abort', () => {
      notReady = ['leadership lost'];
      void controller?.[Symbol.asyncDispose]();
      lost.resolve(leadership.signal.reason);
    });
    beginWork(applications());
    return leadership;
  }

  return {
    start,
    lost: lost.promise,
    get notReady() {
      return notReady;
    },
    get idle() {
      return controller?.idle ?? false;
    },
    async [Symbol.asyncDispose]() {
      notReady = ['stopping'];
      stop.abort(new Error('shutdown'));
      await controller?.[Symbol.asyncDispose]();
      const leadership = await leading.catch(() => undefined); // told through `lost`
      await leadership?.[Symbol.asyncDispose]();
      await stack.disposeAsync();
    },
  };
}

const refused = { type: 'failed', kind: 'run', reason: 'scripts are not run here' } as const;
const noScripts: ScriptEngine = {
  luaHealth: async (_script, objects) => objects.map(() => refused),
  celHealth: async (_rules, objects) => objects.map(() => refused),
  checkCel: async () => [],
  luaAction: async () => refused,
  jqPaths: async (_expression, objects) => objects.map(() => refused),
  async [Symbol.asyncDispose]() {},
};

function temporaryDir(stack: AsyncDisposableStack): string {
  const dir = mkdtempSync(join(tmpdir(), 'tiphys-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
