import { createMemoryStateCache } from '../cache/memory-state-cache.ts';
import type { Connected } from '../wiring/connected.ts';
import { textsOf } from '../core/objects/object-texts.ts';
import type { RedisCacheOptions } from '../wiring/kept-renders.ts';
import type { StateCache } from '../ports/state-cache.ts';
import type { Logger } from '../ports/telemetry.ts';

/** What the API remembers beyond a request: in memory, and in Redis when several servers share it. */
export async function openStates(
  redis: RedisCacheOptions | undefined,
  { config, ports: { clock, metrics } }: Connected,
  logger: Logger,
  stack: AsyncDisposableStack,
): Promise<StateCache> {
  const memory = createMemoryStateCache({ clock });
  if (redis === undefined) return memory;
  // Who has no Redis need not load its client.
  const { connectRedis } = await import('../cache/redis-connection.ts');
  const { createRedisStateCache } = await import('../cache/redis-state-cache.ts');
  return createRedisStateCache({
    ...{ memory, clock, logger, metrics },
    redis: stack.use(connectRedis(redis, { clock, metrics })),
    prefix: redis.keyPrefix ?? '',
    signingKey: () => {
      const key = textsOf(config.secret('argocd-secret')).get('server.secretkey') ?? '';
      return key === '' ? undefined : key;
    },
  });
}
