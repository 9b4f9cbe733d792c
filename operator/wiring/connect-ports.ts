import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDefaultProject } from '../controllers/app-project.ts';
import { instanceOf } from '../core/tracking/tracking.ts';
import { createDefaultCharts, createDefaultGenerators } from './default-generators.ts';
import { createManifestSource } from '../engine/manifests/index.ts';
import type { EnginePorts } from '../engine/ports.ts';
import {
  createBitbucketPushes,
  createGitRepositories,
  createKeyReader,
  createWebhookReader,
} from '../git/index.ts';
import { connectionFromClusterSecret } from '../kube/cluster-secret.ts';
import { createKubeClient } from '../kube/kube-client.ts';
import { createAppStore, createProjectStore } from '../live/app-store.ts';
import { borrowsInCluster, createClusters } from '../live/clusters.ts';
import { createConfigStore } from '../live/config-store.ts';
import { isExcludedKind } from '../live/excluded-kinds.ts';
import { followResourceSettings } from '../live/follow-resource-settings.ts';
import { followGeneratorSettings } from '../live/generator-settings.ts';
import { createLiveState } from '../live/live-state.ts';
import { followProjectSettings } from '../live/project-settings.ts';
import { createRepositoryDirectory } from '../live/repository-directory.ts';
import { DAY_MS, openManifestStores, openTexts } from './kept-renders.ts';
import { readRefreshSpread, readWebhookSettings } from '../live/webhook-settings.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { engineSettings } from '../operator-options.ts';
import type { GeneratorRegistry } from '../ports/generator.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import { retryTransient } from '../runtime/retry-transient.ts';
import { systemClock } from '../runtime/clock.ts';
import { createSourceReach } from './source-reach.ts';
import { createScriptEngine } from '../scripts/script-engine.ts';
import { registerAppMetrics } from '../telemetry/app-metrics.ts';
import { registerClusterMetrics } from '../telemetry/cluster-metrics.ts';
import { createEventSink } from '../telemetry/event-sink.ts';
import { silentLogger, silentMetrics } from '../telemetry/silent.ts';
import { checkExpressions } from './check-expressions.ts';
import type { Connected, ConnectOptions } from './connected.ts';
import { readSettings } from './settings-at-start.ts';

const MAX_CACHE_BYTES = 256 * 2 ** 20;
const RENDER_FAILURE_MS = 5_000;
const MAX_GIT_CONNECTIONS = 10;
const BITBUCKET_API = 'https://api.bitbucket.org/2.0';

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
  stack.use(directory.onChange((what) => repositories.reconsider(what)));
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
  const { bitbucketApiUrl = BITBUCKET_API, ...webhooks } = options.webhooks ?? {};
  return {
    webhooks: {
      ...webhooks,
      askAboutPush: createBitbucketPushes({
        clock,
        apiUrl: bitbucketApiUrl,
        access: directory.accessTo,
        authorities: directory.authorities,
        proxies: options.git?.env ?? {},
      }),
    },
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

function temporaryDir(stack: AsyncDisposableStack): string {
  const dir = mkdtempSync(join(tmpdir(), 'tiphys-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
