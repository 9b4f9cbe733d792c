import { createPublisher, type Publisher } from '../controllers/publisher.ts';
import { TiphysError } from '../core/errors.ts';
import type { Connected } from './connected.ts';
import type { RedisCacheOptions } from './kept-renders.ts';
import { shownLabels } from '../services/setting.ts';

/** The Redis in which the front side of Argo CD looks; one server, for its client reads no cluster. */
export interface FrontSideOptions {
  readonly redis: RedisCacheOptions;
  /** How long what is told of an Application stays. Default 1 hour. */
  readonly applicationTtlMs?: number;
}

const HOUR_MS = 3_600_000;

/**
 * A publisher for the front side of Argo CD; disposing it ends its connection. Errors: `InvalidConfig` for a
 * cluster.
 */
export async function openPublisher(
  { redis, applicationTtlMs = HOUR_MS }: FrontSideOptions,
  { ports, settings, config }: Connected,
): Promise<Publisher> {
  if (redis.server.type === 'cluster')
    throw new TiphysError(
      'InvalidConfig',
      'frontSide: the front side of Argo CD cannot read a Redis cluster; name one server or Sentinels, or leave it out',
    );
  // Who has no Redis need not load its client.
  const { connectRedis } = await import('../cache/redis-connection.ts');
  const { createRedisFrontSide } = await import('../cache/redis-front-side.ts');
  const front = createRedisFrontSide({
    redis: connectRedis(redis, ports),
    prefix: redis.keyPrefix ?? '',
    compress: redis.compress ?? true,
    applicationTtlMs,
  });
  return createPublisher({ ports, settings, front, customLabels: () => shownLabels(config) });
}
