import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { RedisAddress, RedisTls } from '../cache/redis-client.ts';
import type { Config } from '../config/keys.ts';
import { TiphysError } from '../core/errors.ts';
import type { RedisCacheOptions } from '../wiring/kept-renders.ts';
import type { CommandIo } from './command.ts';

const SERVER_PORT = 6379;
const SENTINEL_PORT = 26379;

/**
 * The Redis of the settings; `undefined`: none. Errors: `InvalidConfig` for an address, for a file that
 * cannot be read or holds no certificate, and for settings that contradict each other.
 */
export async function redisOptions(
  config: Config,
  io: Pick<CommandIo, 'env'>,
): Promise<RedisCacheOptions | undefined> {
  const { redis, redisSentinels, redisCluster } = config;
  if (redis === '' && redisSentinels.length === 0 && redisCluster.length === 0) return undefined;
  const { REDIS_USERNAME: username, REDIS_PASSWORD: password } = io.env;
  const tls = tlsOf(config);
  return {
    server: serverOf(config, io),
    db: config.redisDb,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(tls === undefined ? {} : { tls }),
    keyPrefix: config.redisKeyPrefix,
    compress: config.redisCompression === 'gzip',
  };
}

function serverOf(
  { redis, redisCluster, redisSentinels, redisSentinelMaster: master }: Config,
  { env }: Pick<CommandIo, 'env'>,
): RedisCacheOptions['server'] {
  if (redisCluster.length > 0) {
    const nodes = redisCluster.map((one) => addressOf('--redis-cluster', one, SERVER_PORT));
    return { type: 'cluster', nodes };
  }
  if (redisSentinels.length === 0)
    return { type: 'address', ...addressOf('--redis', redis, SERVER_PORT) };
  // `--redis` may come from an environment that is shared with others: the Sentinels know better.
  const { REDIS_SENTINEL_USERNAME: username, REDIS_SENTINEL_PASSWORD: password } = env;
  return {
    type: 'sentinels',
    sentinels: redisSentinels.map((one) => addressOf('--redis-sentinels', one, SENTINEL_PORT)),
    master,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
  };
}

function addressOf(flag: string, written: string, defaultPort: number): RedisAddress {
  const address = /^(\[[0-9a-f:.]+\]|[^:\s/]+)(?::(\d{1,5}))?$/i.exec(written);
  if (address === null) throw invalid(`${flag}: "${written}" is no HOST or HOST:PORT`);
  const [, host = '', port = String(defaultPort)] = address;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Files that are named are read again for every connection: certificates are renewed while we run. */
function tlsOf(config: Config): RedisCacheOptions['tls'] {
  const {
    redisCaCertificate: ca,
    redisClientCertificate: cert,
    redisClientKey: key,
    redisInsecureSkipTlsVerify: insecure,
  } = config;
  if (!config.redisTls) {
    const flag =
      (ca !== '' && '--redis-ca-certificate') ||
      (cert !== '' && '--redis-client-certificate') ||
      (key !== '' && '--redis-client-key') ||
      (insecure && '--redis-insecure-skip-tls-verify');
    if (flag === false) return undefined;
    throw invalid(`${flag}: means nothing without --redis-tls`);
  }
  if ((cert === '') !== (key === ''))
    throw invalid('--redis-client-certificate and --redis-client-key: one needs the other');
  const read = (): RedisTls => ({
    ...(ca !== '' && { ca: pem('--redis-ca-certificate', ca) }),
    ...(cert !== '' && {
      client: {
        cert: pem('--redis-client-certificate', cert),
        key: pem('--redis-client-key', key),
      },
    }),
    ...(insecure && { insecure }),
  });
  const first = read();
  checkPem(first);
  return ca === '' && cert === '' ? first : readAnew(first, read);
}

/** What cannot be read, or is no pair while both files are being written, is as it was. */
function readAnew(first: RedisTls, read: () => RedisTls): () => RedisTls {
  let good = first;
  return () => {
    try {
      const now = read();
      checkPem(now);
      good = now;
    } catch {
      // It was well before; who connects in vain is told by the metric of failed commands.
    }
    return good;
  };
}

/** What is wrong is said now, and not at every connection. */
function checkPem({ ca, client }: RedisTls): void {
  if (ca !== undefined && !/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/.test(ca))
    throw invalid('--redis-ca-certificate: the file holds no certificate in PEM');
  try {
    createSecureContext({ ...(ca !== undefined && { ca }), ...client });
  } catch (cause) {
    const flags =
      client === undefined
        ? '--redis-ca-certificate'
        : '--redis-client-certificate, --redis-client-key or --redis-ca-certificate';
    throw invalid(`${flags}: ${reasonOf(cause)}`, cause);
  }
}

/** A few kilobytes, and only when a connection is made, which cannot wait for a promise. */
function pem(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw invalid(`${flag}: ${reasonOf(cause)}`, cause);
  }
}

const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause);

const invalid = (message: string, cause?: unknown): TiphysError =>
  new TiphysError('InvalidConfig', message, { cause });
