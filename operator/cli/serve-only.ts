import { answerWebhooks } from '../wiring/answer-webhooks.ts';
import type { Config } from '../config/keys.ts';
import { connectPorts } from '../wiring/connect-ports.ts';
import { createWebhookReceiver } from '../controllers/webhook.ts';
import { createWebhookSpread } from '../controllers/webhook-spread.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';
import { createLogger } from '../telemetry/logger.ts';
import { startProbes } from '../telemetry/probes.ts';
import { EXIT_OK, type CommandIo } from './command.ts';
import { connectOptions } from './connect-options.ts';
import { openMetrics } from './open-metrics.ts';
import { warnOfSettings } from './warn-of-settings.ts';
import { redisOptions } from './redis-options.ts';
import { serveApi } from './serve-api.ts';

/** Serves the API until the signal, and reconciles nothing. */
export async function serveOnly(config: Config, io: CommandIo): Promise<number> {
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
  let notReady: readonly string[] = ['connecting'];
  const probes = stack.use(
    await startProbes({
      host: config.metricsHost,
      port: config.metricsPort,
      metrics,
      ready: () => ({ ok: notReady.length === 0, reasons: notReady }),
    }),
  );
  logger.info({ host: config.metricsHost, port: probes.port }, 'metrics and probes');
  try {
    const options = await connectOptions(config, io, stack, { logger, metrics });
    const connected = await connectPorts(
      { ...options, logger, metrics, createProject: true },
      stack,
      signal,
    );
    const { ports, settings, repositories } = connected;
    // Somebody else reconciles, and is told through the Applications.
    const receiver = stack.use(
      createWebhookReceiver({
        ...{ ports, settings, repositories },
        ...connected.webhooks,
        spread: createWebhookSpread({ ...ports, settings: connected.refreshSpread }),
        works: () => false,
        reconciler: { request() {} },
        enqueue() {},
      }),
    );
    const redis = await redisOptions(config, io);
    const receiveWebhook = answerWebhooks({ read: connected.readWebhook, receiver, ...ports });
    stack.use(await serveApi(connected, config, { logger, receiveWebhook, redis }, signal));
    notReady = [];
    return await untilAborted(new Promise<never>(() => {}), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    logger.info({}, 'stopping');
    return EXIT_OK;
  }
}
