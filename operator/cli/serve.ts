import { hostname, tmpdir } from 'node:os';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/keys.ts';
import { TiphysError } from '../core/errors.ts';
import { DEFAULT_HEAL_LOOP } from '../core/sync/heal-loop.ts';
import { createOperator, type LeaderElection } from '../create-operator.ts';
import { createDefaultGenerators } from '../default-generators.ts';
import type { KubeConnection } from '../kube/connection.ts';
import { connectionFromKubeconfig, connectionInCluster } from '../kube/kubeconfig.ts';
import { systemClock } from '../runtime/clock.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { startProbes } from '../telemetry/probes.ts';
import { EXIT_ERROR, EXIT_OK, type CommandIo } from './command.ts';
import { proxyVariables } from './proxy-variables.ts';
import { toolCacheOf } from './tool-cache.ts';

/** Runs until the signal or until leadership is lost, which is an error: a supervisor starts anew. */
export async function serve(config: Config, io: CommandIo): Promise<number> {
  const { signal } = io;
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    destination: io.stderr,
  });
  logger.info({ config }, 'starting');
  const clock = systemClock;
  await using stack = new AsyncDisposableStack();
  const dataDir = await openDataDir(config, stack);
  const metrics = createMetrics();
  const operator = stack.use(
    createOperator({
      connection: await connect(config, io),
      namespace: config.namespace,
      dataDir,
      generators: createDefaultGenerators({
        dataDir,
        clock,
        path: io.env['PATH'] ?? '',
        toolCache: toolCacheOf(config.toolCache, io.env),
        programs: { helm: config.helm, kustomize: config.kustomize, kubectl: config.kubectl },
        timeoutMs: config.renderTimeout,
        ...(config.renderParallelism === 0 ? {} : { parallelism: config.renderParallelism }),
      }),
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
        waveDelayMs: config.syncWaveDelay,
      },
      workers: config.workers,
      requestTimeoutMs: config.kubeRequestTimeout,
      git: {
        program: config.git,
        path: io.env['PATH'] ?? '',
        env: proxyVariables(io.env),
        pollIntervalMs: config.repoPollInterval,
        pollJitterMs: config.repoPollJitter,
        timeoutMs: config.gitTimeout,
      },
      ...(config.leaderElection ? { leaderElection: leaderElection(config) } : {}),
      logger,
      metrics,
      appMetrics: {
        labels: config.metricsApplicationLabels,
        conditions: config.metricsApplicationConditions,
      },
    }),
  );
  const probes = stack.use(
    await startProbes({
      host: config.metricsHost,
      port: config.metricsPort,
      metrics,
      ready: () => ({ ok: operator.notReady.length === 0, reasons: operator.notReady }),
    }),
  );
  logger.info({ host: config.metricsHost, port: probes.port }, 'metrics and probes');
  try {
    await operator.start(signal);
    const reason = await untilAborted(operator.lost, signal);
    logger.error({ err: reason }, 'leadership lost');
    return EXIT_ERROR;
  } catch (error) {
    if (!signal.aborted) throw error;
    logger.info({}, 'stopping');
    return EXIT_OK;
  }
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

async function openDataDir(config: Config, stack: AsyncDisposableStack): Promise<string> {
  if (config.dataDir !== '') return config.dataDir;
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function leaderElection(config: Config): LeaderElection {
  const { identity } = config;
  return {
    name: config.leaderElectionName,
    identity: identity === '' ? `${hostname()}-${randomBytes(4).toString('hex')}` : identity,
    leaseMs: config.leaderElectionLease,
    renewDeadlineMs: config.leaderElectionRenewDeadline,
    retryMs: config.leaderElectionRetry,
  };
}
