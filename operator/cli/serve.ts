import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { ReceiveWebhook } from '../wiring/answer-webhooks.ts';
import type { Config } from '../config/keys.ts';
import type { Connected } from '../wiring/connected.ts';
import { createOperator, type LeaderElection, type Operator } from '../create-operator.ts';
import { startWebhookServer } from '../git/index.ts';
import type { Logger } from '../ports/telemetry.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';
import { createLogger } from '../telemetry/logger.ts';
import { startProbes } from '../telemetry/probes.ts';
import { EXIT_ERROR, EXIT_OK, type CommandIo } from './command.ts';
import { connectOptions } from './connect-options.ts';
import { frontSideOf } from './front-side.ts';
import { openMetrics } from './open-metrics.ts';
import { warnOfSettings } from './warn-of-settings.ts';
import { redisOptions } from './redis-options.ts';

/** Runs until the signal or until leadership is lost, which is an error: a supervisor starts anew. */
export async function serve(config: Config, io: CommandIo): Promise<number> {
  const { signal } = io;
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    destination: io.stderr,
  });
  logger.info({ config }, 'starting');
  warnOfSettings(io.env, logger);
  await using stack = new AsyncDisposableStack();
  const metrics = await openMetrics(stack);
  const redis = await redisOptions(config, io);
  const frontSide = frontSideOf(redis, config, logger);
  const operator = stack.use(
    createOperator({
      ...(await connectOptions(config, io, stack, { logger, metrics })),
      workers: config.workers,
      ...(config.leaderElection ? { leaderElection: leaderElection(config) } : {}),
      logger,
      metrics,
      appMetrics: {
        labels: config.metricsApplicationLabels,
        conditions: config.metricsApplicationConditions,
      },
      clusterMetrics: { labels: config.metricsClusterLabels },
      ...(frontSide !== undefined && { frontSide }),
      ...(config.apiPort !== undefined && {
        serve: async (
          connected: Connected,
          stopping: AbortSignal,
          receiveWebhook: ReceiveWebhook,
        ) => {
          const { serveApi } = await import('./serve-api.ts');
          return await serveApi(connected, config, { logger, receiveWebhook, redis }, stopping);
        },
      }),
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
  await startWebhooks(config, operator, logger, stack);
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

async function startWebhooks(
  config: Config,
  operator: Operator,
  logger: Logger,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { webhookHost: host, webhookPort } = config;
  if (webhookPort === undefined) return;
  const receive: Operator['receiveWebhook'] = (request) => operator.receiveWebhook(request);
  const server = stack.use(await startWebhookServer({ host, port: webhookPort, receive }));
  logger.info({ host, port: server.port }, 'webhooks');
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
