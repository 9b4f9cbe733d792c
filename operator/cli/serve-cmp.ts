import { readFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePluginConfig } from '../../generators/plugin/plugin-config.ts';
import { servePlugin } from '../../generators/plugin/server.ts';
import { TiphysError } from '../core/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';
import { createLimiter } from '../runtime/limiter.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { ServeCmp } from './cmp-server.ts';
import type { CommandIo } from './command.ts';

const MAX_OUTPUT_BYTES = 100_000_000;
const MAX_ENTRIES = 200_000;

/** Serves the plugin of a folder until the signal. Errors: `InvalidConfig`. */
export const serveCmp: ServeCmp = async (flags, io) => {
  const file = join(flags.configDir, 'plugin.yaml');
  const config = parsePluginConfig(await readConfig(file), file);
  const { logLevel: level, logFormat: format, socketDir, parallelism } = flags;
  const logger = createLogger({ level, format, destination: io.stderr });
  for (const key of config.ignored)
    logger.warn({ key, file }, 'this key of the plugin has no effect');
  const socket = join(socketDir, `${config.name}.sock`);
  await using _server = await servePlugin({
    config,
    socket,
    workDir: flags.workDir ?? join(tmpdir(), '_cmp_server'),
    env: ownEnvironment(io),
    timeoutMs: flags.timeoutMs,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    limits: { maxEntries: MAX_ENTRIES, maxBytes: flags.maxSourceBytes },
    limiter: createLimiter(parallelism === 0 ? availableParallelism() : parallelism),
    clock: systemClock,
    logger,
  });
  logger.info({ plugin: config.name, socket }, 'serving the plugin');
  const never = new Promise<never>(() => {});
  await untilAborted(never, io.signal).catch((error: unknown) => {
    if (!io.signal.aborted) throw error;
  });
  logger.info({}, 'stopping');
};

function ownEnvironment({ env }: CommandIo): Record<string, string> {
  const present = Object.entries(env).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as Record<string, string>;
}

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TiphysError('InvalidConfig', `${file}: cannot be read: ${code}`, {
      cause,
      hint: 'Put the plugin.yaml there, or name its folder with --config-dir-path.',
    });
  }
}
