import type { Config } from '../config/keys.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { RedisCacheOptions } from '../wiring/kept-renders.ts';
import type { FrontSideOptions } from '../wiring/open-publisher.ts';

/**
 * Where the front side of Argo CD finds what we know; `undefined`: nowhere. Its client reads no Redis cluster,
 * which is told when no API of ours is in its place.
 */
export function frontSideOf(
  redis: RedisCacheOptions | undefined,
  { apiPort, appStateCacheExpiration }: Pick<Config, 'apiPort' | 'appStateCacheExpiration'>,
  logger: Logger,
): FrontSideOptions | undefined {
  if (redis === undefined) return undefined;
  if (redis.server.type !== 'cluster') return { redis, applicationTtlMs: appStateCacheExpiration };
  if (apiPort === undefined)
    logger.warn(
      {},
      'nothing is published for a front side of Argo CD, which cannot read a Redis cluster; --redis or --redis-sentinels names a Redis that it can read',
    );
  return undefined;
}
