import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ensureDefaultProject } from '../controllers/app-project.ts';
import { instanceOf } from '../core/tracking/tracking.ts';
import { createDefaultCharts, createDefaultGenerators } from './default-generators.ts';
import { createManifestSource } from '../engine/manifests/index.ts';
import type { EnginePorts, EngineSettings } from '../engine/ports.ts';
import {
  type AzureIdentity,
  createGitRepositories,
  createKeyReader,
  createWebhookReader,
  type GitRepositories,
  type GitRepositoriesOptions,
  type WebhookAnswer,
  type WebhookRequest,
} from '../git/index.ts';
import { connectionFromClusterSecret } from '../kube/cluster-secret.ts';
import type { KubeConnection } from '../kube/connection.ts';
import { createKubeClient } from '../kube/kube-client.ts';
import { createAppStore, createProjectStore } from '../live/app-store.ts';
import { borrowsInCluster, createClusters } from '../live/clusters.ts';
import { createConfigStore } from '../live/config-store.ts';
import {
  readControlPlaneSettings,
  type ControlPlaneSettings,
} from '../live/control-plane-settings.ts';
import { isExcludedKind } from '../live/excluded-kinds.ts';
import { followResourceSettings, type FollowedSettings } from '../live/follow-resource-settings.ts';
import { followGeneratorSettings } from '../live/generator-settings.ts';
import { createLiveState } from '../live/live-state.ts';
import { followProjectSettings, type FollowedProjectSettings } from '../live/project-settings.ts';
import { createRepositoryDirectory } from '../live/repository-directory.ts';
import {
  DAY_MS,
  type ManifestCacheOptions,
  openManifestStores,
  openTexts,
} from './kept-renders.ts';
import { readRefreshSpread, readWebhookSettings } from '../live/webhook-settings.ts';
import type { RefreshSpread } from '../core/webhook/refresh-spread.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { engineSettings } from '../operator-options.ts';
import type { ChartRepositories } from '../ports/chart-repositories.ts';
import type { ClusterConnector } from '../ports/cluster-connector.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { GeneratorRegistry, GeneratorSettings } from '../ports/generator.ts';
import type {
  Clock,
  EventSink,
  HydratedBranches,
  Logger,
  Metrics,
  ScriptEngine,
} from '../ports/index.ts';
import type { KeyReader } from '../ports/key-reader.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import type { AccessLookup, SourceReach } from '../ports/source-repositories.ts';
import { retryTransient } from '../runtime/retry-transient.ts';
import { systemClock } from '../runtime/clock.ts';
import { createSourceReach } from './source-reach.ts';
import { createScriptEngine } from '../scripts/script-engine.ts';
import { registerAppMetrics, type AppMetricsOptions } from '../telemetry/app-metrics.ts';
import {
  type ClusterMetricsOptions,
  registerClusterMetrics,
} from '../telemetry/cluster-metrics.ts';
import { createEventSink } from '../telemetry/event-sink.ts';
import { silentLogger, silentMetrics } from '../telemetry/silent.ts';

/** How the world is reached; everything that may be left out has a default. */
export interface ConnectOptions {
  /** The cluster that holds the Applications; also the destination `https://kubernetes.default.svc`. */
  readonly connection: KubeConnection;
  /** Namespace of the control plane. */
  readonly namespace: string;
  /** Folder for Git mirrors and temporary files, for this operator alone. Default: a temporary one, removed at the end. */
  readonly dataDir?: string;
  /** Default: Kustomize, Helm and plain folders. */
  readonly generators?: GeneratorRegistry | ((reach: SourceReach) => GeneratorRegistry);
  /** Helm repositories and registries. Default: through the helm program. */
  readonly charts?: (access: AccessLookup) => ChartRepositories;
  /** Default: what `argocd-cm` says. */
  readonly generatorSettings?: () => GeneratorSettings;
  readonly manifestCache?: ManifestCacheOptions;
  /** Engine settings that differ from the defaults. */
  readonly settings?: Partial<EngineSettings>;
  readonly git?: GitOptions;
  /** Runs Lua, CEL and jq. Default: a thread of its own, started when the first program is met. */
  readonly scripts?: ScriptEngine;
  /** Longest time of one request to an API server; not of watches. Default 60 s. */
  readonly requestTimeoutMs?: number;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default: none. */
  readonly metrics?: Metrics;
  /** What the metrics show of Applications beyond the usual. */
  readonly appMetrics?: AppMetricsOptions;
  /** What they show of clusters beyond the usual. */
  readonly clusterMetrics?: ClusterMetricsOptions;
  /** Default: Kubernetes Events. */
  readonly events?: EventSink;
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
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
  /** Mirrors that are not in use go when all take more than this. Default: no bound. */
  readonly maxMirrorBytes?: number;
  /** Files of so many bytes and more are fetched when they are read, unless a registration says otherwise. Default 0: never. */
  readonly blobLimit?: number;
  /** Whether submodules are folders. Default true. */
  readonly submodules?: boolean;
  /** Bounds of artifacts of OCI registries. */
  readonly artifacts?: NonNullable<GitRepositoriesOptions['artifacts']>;
  /** When false, projects ask for signatures in vain. Default true. */
  readonly verifySignatures?: boolean;
  /** For repositories with `useAzureWorkloadIdentity`. */
  readonly azureIdentity?: AzureIdentity;
}

/** Everything the engine needs, wired and listed. */
export interface Connected {
  readonly client: KubeClient;
  readonly ports: EnginePorts;
  readonly settings: EngineSettings;
  readonly config: ConfigStore;
  /** How a repository is reached, with its credentials. */
  readonly accessTo: AccessLookup;
  readonly repositories: GitRepositories;
  /** Branches that are written to, by what is registered for writing. */
  readonly branches: HydratedBranches;
  readonly charts: ChartRepositories;
  readonly generators: GeneratorRegistry;
  readonly keyReader: KeyReader;
  /** Connects to the cluster that a Secret describes, stored or not. */
  readonly connectCluster: ClusterConnector;
  /** Reads a webhook as the control plane is configured. */
  readonly readWebhook: (request: WebhookRequest) => Promise<WebhookAnswer>;
  /** How those that a webhook concerns are spread over time. */
  readonly refreshSpread: () => RefreshSpread;
  readonly resources: FollowedSettings;
  readonly projectSettings: FollowedProjectSettings;
}

const MAX_CACHE_BYTES = 256 * 2 ** 20;
const RENDER_FAILURE_MS = 5_000;
const MAX_GIT_CONNECTIONS = 10;

/** Folders in `dataDir` that hold nothing worth keeping when no operator works there. */
export const TEMPORARY_FOLDERS: readonly string[] = [
  'git/home',
  'git/keyrings',
  'git/work',
  'render',
  'charts',
];

/**
 * Wires the ports from plain values and lists the control plane. What it opens is closed with
 * `stack`. Writes nothing, unless `createProject` asks for the default project.
 *
 * Errors: what the API server says, e.g. `KubeNotFound` when the CRDs are missing.
 */
export async function connectPorts(
  options: ConnectOptions & { readonly createProject: boolean },
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Connected> {
  const { requestTimeoutMs = 60_000, logger = silentLogger, metrics = silentMetrics } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const shared = { clock, random, logger };
  const given = engineSettings({ ...options.settings, namespace: options.namespace });
  const dataDir = options.dataDir ?? temporaryDir(stack);
  const client = stack.use(
    createKubeClient({ connection: options.connection, requestTimeoutMs, clock, random }),
  );
  const stores = await startStores();
  const configured = readSettings(stores.config, logger, stack);
  const settings = { ...given, tracking: options.settings?.tracking ?? configured.tracking };
  const events =
    options.events ??
    stack.use(createEventSink({ client, component: 'tiphys', clock, logger, metrics }));
  stack.use(registerAppMetrics(metrics, stores.apps, options.appMetrics));
  const clusters = stack.use(connectClusters());
  stack.use(registerClusterMetrics(metrics, clusters, clock, options.clusterMetrics));
  const directory = stack.use(createRepositoryDirectory(stores.config));
  const repositories = stack.use(openRepositories());
  stack.use(directory.onChange(() => repositories.reconsider()));
  const resources = stack.use(followResourceSettings(stores.config, logger));
  const projectSettings = stack.use(followProjectSettings(stores.config, logger));
  const generatorSettings = stack.use(followGeneratorSettings(stores.config, logger));
  const { manifestCache = {} } = options;
  const { maxAgeMs = DAY_MS, pause } = manifestCache;
  const keeping = {
    ...{ ...shared, metrics, config: stores.config, tracking: settings.tracking },
    dataDir: options.dataDir,
  };
  const kept = openTexts(manifestCache.texts, keeping);
  const charts =
    options.charts?.(directory.accessTo) ??
    createDefaultCharts({ dataDir, clock }, directory.accessTo);
  const generators = chooseGenerators();
  const manifests = createManifestSource({
    repositories,
    charts,
    generators,
    stores: await openManifestStores(kept, manifestCache, keeping, stack),
    settings: options.generatorSettings ?? generatorSettings.current,
    limits: {
      maxCacheBytes: MAX_CACHE_BYTES,
      failureMs: RENDER_FAILURE_MS,
      maxAgeMs,
      ...(pause && { pause }),
    },
    clock,
    metrics,
  });
  // Importing the library must not load cron: only who runs an operator has windows to follow.
  const { createSchedule } = await import('../schedule/schedule.ts');
  const scripts = options.scripts ?? stack.use(createScriptEngine({ clock }));
  stack.use(checkExpressions(resources, scripts, logger));
  const { apps, projects } = stores;
  const ports: EnginePorts = {
    ...shared,
    ...{ apps, projects, clusters, events, metrics, manifests, scripts },
    resources: resources.current,
    schedule: createSchedule(),
    projectSettings: projectSettings.current,
    repositoriesOf: directory.ofProject,
  };
  const readWebhook = createWebhookReader({ settings: () => readWebhookSettings(stores.config) });
  return {
    ...{ client, ports, settings, repositories, readWebhook, resources, projectSettings, charts },
    connectCluster,
    refreshSpread: () => readRefreshSpread(stores.config),
    branches: repositories.branches(directory.writeAccessTo),
    generators,
    keyReader: createKeyReader({
      dir: join(dataDir, 'git', 'work'),
      ...(options.git?.path !== undefined && { path: options.git.path }),
      clock,
    }),
    ...{ config: stores.config, accessTo: directory.accessTo },
  };

  function chooseGenerators(): GeneratorRegistry {
    const { generators } = options;
    if (typeof generators === 'object') return generators;
    const { projects } = stores;
    const reach = createSourceReach(
      directory,
      { projects, projectSettings: projectSettings.current },
      repositories,
    );
    const remembered = kept && { remembered: kept };
    return generators?.(reach) ?? createDefaultGenerators({ dataDir, clock, reach, ...remembered });
  }

  async function startStores() {
    const { namespace, applicationNamespaces } = given;
    const catalogue = await patiently(() => client.discover(signal));
    const all = { ...shared, client, catalogue, namespace };
    const config = stack.use(createConfigStore(all));
    const projectStore = stack.use(createProjectStore(all));
    const allNamespaces = applicationNamespaces.length > 0;
    const appStore = stack.use(createAppStore({ ...all, allNamespaces }));
    await Promise.all([config.start(signal), projectStore.start(signal), appStore.start(signal)]);
    if (options.createProject)
      await patiently(() =>
        ensureDefaultProject(client, namespace, { projects: projectStore, logger }, signal),
      );
    return { config, projects: projectStore, apps: appStore };
  }

  /** A control plane that is unwell for a moment, as when it restarts, must not end the start. */
  function patiently<T>(attempt: () => Promise<T>): Promise<T> {
    const onTrouble = (error: unknown, delayMs: number) =>
      logger.warn({ err: error, delayMs }, 'the control plane does not answer yet');
    return retryTransient(attempt, { clock, onTrouble }, signal);
  }

  function connectCluster(secret: KubeObject): KubeClient & AsyncDisposable {
    const connection = borrowsInCluster(secret)
      ? options.connection
      : connectionFromClusterSecret(secret, clock);
    return createKubeClient({ connection, requestTimeoutMs, clock, random });
  }

  function connectClusters() {
    return createClusters({
      config: stores.config,
      inCluster: client,
      connect: connectCluster,
      createLive: (destination, scope) =>
        createLiveState({
          ...shared,
          ...scope,
          client: destination,
          instanceOf: (object) => instanceOf(object, settings.tracking),
          excluded: (kind) => isExcludedKind(kind, configured.exclusions, configured.inclusions),
          fieldManagers: [settings.fieldManager],
        }),
      clock,
      logger,
    });
  }

  function openRepositories() {
    const {
      pollIntervalMs = 120_000,
      pollJitterMs = 60_000,
      timeoutMs = 90_000,
    } = options.git ?? {};
    return createGitRepositories({
      ...shared,
      ...options.git,
      dir: join(dataDir, 'git'),
      access: directory.accessTo,
      authorities: directory.authorities,
      signingKeys: directory.signingKeys,
      pollIntervalMs,
      pollJitterMs,
      timeoutMs,
      maxConcurrent: MAX_GIT_CONNECTIONS,
    });
  }
}

/** CEL rules are checked when the ConfigMap is read, not when the first object is judged. */
function checkExpressions(
  resources: FollowedSettings,
  scripts: ScriptEngine,
  logger: Logger,
): Disposable {
  const stop = new AbortController();
  const check = async (): Promise<void> => {
    for (const { group, kind, healthCel } of resources.current().settings.customizations) {
      if (healthCel === undefined) continue;
      for (const problem of await scripts.checkCel(healthCel, stop.signal))
        logger.warn({ problem, group, kind }, 'argocd-cm has a CEL rule that cannot be used');
    }
  };
  const run = (): void =>
    void check().catch((error: unknown) => {
      if (!stop.signal.aborted) logger.warn({ err: error }, 'CEL rules could not be checked');
    });
  run();
  const subscription = resources.onChange(run);
  return {
    [Symbol.dispose]() {
      subscription[Symbol.dispose]();
      stop.abort(new Error('shutdown'));
    },
  };
}

/** Marks and watches depend on them from the beginning, so a change waits for the next start. */
function readSettings(
  config: ConfigStore,
  logger: Logger,
  stack: AsyncDisposableStack,
): ControlPlaneSettings {
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

function temporaryDir(stack: AsyncDisposableStack): string {
  const dir = mkdtempSync(join(tmpdir(), 'tiphys-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
