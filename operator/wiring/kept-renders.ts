import { join } from 'node:path';
import { createDiskCache, storeIn } from '../cache/index.ts';
import type { RedisOptions } from '../cache/redis-client.ts';
import { isJsonObject } from '../core/objects/json.ts';
import type { TrackingSettings } from '../core/tracking/tracking.ts';
import type { PauseRule } from '../engine/manifests/index.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Clock, Logger, ManifestStore, Metrics, TextCache } from '../ports/index.ts';

/** What is kept of renders, where, and for how long. */
export interface ManifestCacheOptions {
  /** Keeps renders over restarts. Default: files in `dataDir` when that is given, else nowhere. */
  readonly texts?: TextCache;
  /** Keeps renders without Secrets for all who use this Redis. Default: none. */
  readonly redis?: RedisCacheOptions;
  /** A render that is older is made again. Default 24 hours. */
  readonly maxAgeMs?: number;
  /** When renders that keep failing are left alone. Default: after three failures, for an hour. */
  readonly pause?: PauseRule;
}

export interface RedisCacheOptions extends RedisOptions {
  /** Stands before every key. Default: nothing. */
  readonly keyPrefix?: string;
  /** Whether values are packed with gzip; then keys end in `.gz`. Default true. */
  readonly compress?: boolean;
}

export interface KeptRendersDeps {
  /** `undefined`: a folder that goes with the process. */
  readonly dataDir: string | undefined;
  readonly config: ConfigStore;
  readonly tracking: TrackingSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export const DAY_MS = 86_400_000;
const MAX_DISK_CACHE_BYTES = 2 ** 30;

/** Where texts are kept over restarts; `undefined`: nowhere. */
export function openTexts(
  given: TextCache | undefined,
  { dataDir, ...shared }: KeptRendersDeps,
): TextCache | undefined {
  if (given !== undefined || dataDir === undefined) return given;
  const limits = { maxBytes: MAX_DISK_CACHE_BYTES, maxAgeMs: DAY_MS };
  return createDiskCache({ ...shared, ...limits, dir: join(dataDir, 'manifests') });
}

/** Where renders are looked for beyond the memory, in this order: the disk, Redis. */
export async function openManifestStores(
  texts: TextCache | undefined,
  { redis, maxAgeMs = DAY_MS }: ManifestCacheOptions,
  deps: KeptRendersDeps,
  stack: AsyncDisposableStack,
): Promise<readonly ManifestStore[]> {
  const disk = texts === undefined ? [] : [storeIn(texts)];
  if (redis === undefined) return disk;
  // Who has no Redis need not load its client.
  const { connectRedis } = await import('../cache/redis-connection.ts');
  const { createRedisManifestStore } = await import('../cache/redis-manifest-store.ts');
  const { logger, metrics, tracking, config } = deps;
  const signingKey = () => secretKeyOf(config);
  if (signingKey() === undefined)
    logger.warn(
      {},
      'nothing is kept in Redis: argocd-secret has no server.secretkey to sign it with',
    );
  const store = createRedisManifestStore({
    ...{ logger, metrics, tracking, maxAgeMs, signingKey },
    redis: stack.use(connectRedis(redis, deps)),
    prefix: redis.keyPrefix ?? '',
    compress: redis.compress ?? true,
  });
  return [...disk, store];
}

function secretKeyOf(config: ConfigStore): string | undefined {
  const data = config.secret('argocd-secret')?.['data'];
  const value = isJsonObject(data) ? data['server.secretkey'] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
