import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pid } from 'node:process';
import { createDiskCache, openWorkingArea } from '../cache/index.ts';
import type { Config } from '../config/keys.ts';
import { TEMPORARY_FOLDERS } from '../wiring/connect-ports.ts';
import type { ConnectOptions } from '../wiring/connected.ts';
import { TiphysError } from '../core/errors.ts';
import { DEFAULT_HEAL_LOOP } from '../core/sync/heal-loop.ts';
import {
  createDefaultCharts,
  createDefaultGenerators,
  type DefaultGeneratorsOptions,
} from '../wiring/default-generators.ts';
import type { KubeConnection } from '../kube/connection.ts';
import { connectionFromKubeconfig, connectionInCluster } from '../kube/kubeconfig.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import type { TextCache } from '../ports/text-cache.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLogger } from '../telemetry/silent.ts';
import type { CommandIo } from './command.ts';
import { azureIdentity } from './azure-identity.ts';
import { proxyVariables } from './proxy-variables.ts';
import { redisOptions } from './redis-options.ts';
import { toolCacheOf } from './tool-cache.ts';

/** More than any disk holds. */
const NO_BOUND = 2 ** 50;

/**
 * How flags and variables say that the world is reached. A temporary folder goes with `stack`.
 * Errors: `InvalidConfig` when there is no cluster.
 */
export async function connectOptions(
  config: Config,
  io: CommandIo,
  stack: AsyncDisposableStack,
  telemetry: { readonly logger: Logger; readonly metrics?: Metrics } = { logger: silentLogger },
): Promise<ConnectOptions> {
  const clock = systemClock;
  const place = await openPlace(config, telemetry, stack, io.signal);
  const { dataDir, texts } = place;
  const identity = azureIdentity(io.env);
  const redis = await redisOptions(config, io);
  const tools: DefaultGeneratorsOptions = {
    dataDir,
    clock,
    path: io.env['PATH'] ?? '',
    toolCache: toolCacheOf(config.toolCache, io.env),
    programs: {
      helm: config.helm,
      kustomize: config.kustomize,
      kubectl: config.kubectl,
      jsonnet: config.jsonnet,
    },
    timeoutMs: config.renderTimeout,
    stopMs: config.programStopTimeout,
    maxChartBytes: config.helmMaxExtractedSize,
    maxHelmIndexBytes: config.helmMaxIndexSize,
    maxDirectoryBytes: config.maxCombinedDirectoryManifestsSize || NO_BOUND,
    proxies: proxyVariables(io.env),
    ...(texts === undefined ? {} : { remembered: texts }),
    plugins: {
      socketDir: config.pluginSocketDir,
      localDir: config.pluginDir,
      exclusions: config.pluginTarExclude,
      useGeneratePaths: config.pluginUseManifestGeneratePaths,
    },
    ...(config.renderParallelism === 0 ? {} : { parallelism: config.renderParallelism }),
  };
  return {
    connection: await connect(config, io),
    namespace: config.namespace,
    dataDir,
    generators: (reach) => createDefaultGenerators({ ...tools, reach }),
    charts: (access) => createDefaultCharts(tools, access),
    settings: {
      applicationNamespaces: config.applicationNamespaces,
      resyncMs: config.resync,
      resyncJitterMs: config.resyncJitter,
      hardResyncMs: config.hardResync,
      selfHeal: {
        delayMs: config.selfHealDelay,
        backoffMs: config.selfHealBackoff,
        factor: config.selfHealBackoffFactor,
        capMs: config.selfHealBackoffCap,
      },
      healLoop: { ...DEFAULT_HEAL_LOOP, limit: config.selfHealLoopLimit },
      repoErrorGraceMs: config.repoErrorGracePeriod,
      syncTimeoutMs: config.syncTimeout,
      syncPhaseTimeoutMs: config.syncPhaseTimeout,
      hookDeadlineMs: config.hookDeadline,
      waveDelayMs: config.syncWaveDelay,
      pruneLimit: config.pruneLimit,
      hydrates: config.hydrator,
    },
    manifestCache: {
      ...(texts === undefined ? {} : { texts }),
      ...(redis === undefined ? {} : { redis }),
      maxAgeMs: config.manifestCacheExpiration,
      pause: {
        afterFailures: config.pauseGenerationAfter,
        forMs: config.pauseGenerationMinutes * 60_000,
        forRequests: config.pauseGenerationRequests,
      },
    },
    requestTimeoutMs: config.kubeRequestTimeout,
    webhooks: {
      parallelism: config.webhookParallelism,
      bitbucketApiUrl: config.bitbucketApiUrl,
    },
    git: {
      program: config.git,
      path: io.env['PATH'] ?? '',
      env: proxyVariables(io.env),
      pollIntervalMs: config.repoPollInterval,
      pollJitterMs: config.repoPollJitter,
      pollIdleMs: pollIdleMs(config),
      timeoutMs: config.gitTimeout,
      stopMs: config.programStopTimeout,
      listTimeoutMs: config.gitListTimeout,
      listRetry: {
        attempts: config.gitListAttempts,
        delayMs: config.gitListRetryDelay,
        factor: config.gitListRetryFactor,
        maxDelayMs: config.gitListRetryMaxDelay,
      },
      maxConcurrentLists: config.gitListParallelism,
      gitHubTokenMs: config.githubAppTokenMinutes * 60_000,
      ...(config.gitCacheSize > 0 && { maxMirrorBytes: config.gitCacheSize * 2 ** 20 }),
      blobLimit: config.gitBlobLimit,
      submodules: config.gitSubmodules,
      artifacts: {
        mediaTypes: config.ociLayerMediaTypes,
        maxBytes: config.ociDisableMaxExtractedSize ? NO_BOUND : config.ociMaxExtractedSize,
      },
      verifySignatures: config.verifySignatures,
      ...(identity !== undefined && { azureIdentity: identity }),
    },
  };
}

/** Who compares seldom uses repositories seldom, and wants to hear of pushes in between all the same. */
function pollIdleMs({ resync, resyncJitter }: Config): number {
  return resync === 0 ? Infinity : Math.max(600_000, 2 * (resync + resyncJitter));
}

function connect(config: Config, io: CommandIo): Promise<KubeConnection> {
  const clock = systemClock;
  if (config.kubeconfig !== '')
    return connectionFromKubeconfig({
      path: config.kubeconfig,
      clock,
      ...(config.context === '' ? {} : { context: config.context }),
    });
  const host = io.env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = io.env['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === '')
    throw new TiphysError('InvalidConfig', 'there is no cluster: not in a Pod, and no kubeconfig', {
      hint: 'Give --kubeconfig FILE or set KUBECONFIG.',
    });
  return connectionInCluster({ host, port, clock });
}

interface Place {
  /** For this process alone. */
  readonly dataDir: string;
  /** What outlives it; absent when nothing does. */
  readonly texts: TextCache | undefined;
}

/** A folder that goes with the process, or an area in the one that was named. */
async function openPlace(
  config: Config,
  telemetry: { readonly logger: Logger; readonly metrics?: Metrics },
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Place> {
  if (config.dataDir === '') {
    const dir = await mkdtemp(join(tmpdir(), 'tiphys-'));
    stack.defer(() => rm(dir, { recursive: true, force: true }));
    return { dataDir: dir, texts: undefined };
  }
  const shared = { ...telemetry, clock: systemClock };
  const owner = { host: hostname(), pid };
  const { dataDir: dir } = config;
  const area = stack.use(
    await openWorkingArea({ ...shared, dir, temporary: TEMPORARY_FOLDERS, owner }, signal),
  );
  const limits = {
    maxBytes: config.manifestCacheSize * 2 ** 20,
    maxAgeMs: config.manifestCacheExpiration,
  };
  const texts =
    config.manifestCacheSize === 0
      ? undefined
      : createDiskCache({ ...shared, ...limits, dir: join(area.shared, 'manifests') });
  return { dataDir: area.dir, texts };
}
