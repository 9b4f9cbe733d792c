import { readFile } from 'node:fs/promises';
import type { Config } from '../config/keys.ts';
import { TiphysError } from '../core/errors.ts';
import type { RedisCacheOptions } from '../kept-renders.ts';
import type { CommandIo } from './command.ts';

const DEFAULT_PORT = 6379;

/** The Redis of the settings. Errors: `InvalidConfig` for an address or a file that cannot be read. */
export async function redisOptions(
  config: Config,
  io: Pick<CommandIo, 'env'>,
): Promise<RedisCacheOptions> {
  const { REDIS_USERNAME: username, REDIS_PASSWORD: password } = io.env;
  const address = /^(\[[0-9a-f:.]+\]|[^:\s/]+)(?::(\d{1,5}))?$/i.exec(config.redis);
  if (address === null)
    throw new TiphysError('InvalidConfig', `--redis: "${config.redis}" is no HOST or HOST:PORT`);
  const [, host = '', port = String(DEFAULT_PORT)] = address;
  const ca = await authorities(config.redisCaCertificate);
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    db: config.redisDb,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(config.redisTls ? { tls: ca === undefined ? {} : { ca } } : {}),
    keyPrefix: config.redisKeyPrefix,
    compress: config.redisCompression === 'gzip',
  };
}

async function authorities(path: string): Promise<string | undefined> {
  if (path === '') return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TiphysError('InvalidConfig', `--redis-ca-certificate: ${why}`, { cause });
  }
}
