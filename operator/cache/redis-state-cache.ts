import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';
import type { StateCache } from '../ports/state-cache.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';
import type { RedisConnection } from './redis-connection.ts';

export interface RedisStateCacheOptions {
  readonly redis: RedisConnection;
  /** Stands before every key and channel. */
  readonly prefix: string;
  /** Signs entries, for whoever can write to Redis must not decide who is signed in; none: it stays in memory. */
  readonly signingKey: () => string | undefined;
  /** What is known here while Redis is away. */
  readonly memory: StateCache;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What stands under a key. */
interface Entry {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
  /** Of the other two and the key. */
  readonly mac: string;
}

/** Servers of Argo CD write these too, and that one is there is all that it says: nobody gains by writing one. */
const UNSIGNED = 'revoked-token|';

/**
 * State that all servers of a control plane share. While Redis is away, this server goes on with what it
 * knows; an entry that none of us signed is as good as absent. Trouble is told by a metric, and by one line
 * of the log until Redis answers again.
 */
export function createRedisStateCache(options: RedisStateCacheOptions): StateCache {
  const { redis, prefix, signingKey, memory, clock, logger, metrics } = options;
  let failing = false;

  async function harmless<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    signal.throwIfAborted();
    try {
      const result = await untilAborted(work(), signal);
      failing = false;
      return result;
    } catch (error) {
      signal.throwIfAborted();
      trouble(error);
      return undefined;
    }
  }

  function trouble(error: unknown): void {
    metrics.count('tiphys_cache_errors_total', { cache: 'redis', reason: 'failed' });
    if (!failing)
      logger.warn(
        { err: error },
        'Redis does not answer; what is shared is known to this server only',
      );
    failing = true;
  }

  function open(text: string, key: string): Pick<Entry, 'value' | 'untilMs'> | undefined {
    const signing = signingKey();
    try {
      const { value, untilMs, mac } = JSON.parse(text) as Partial<Entry>;
      if (signing === undefined || typeof value !== 'string' || typeof untilMs !== 'number')
        return undefined;
      const sent = Buffer.from(String(mac), 'hex');
      const expected = Buffer.from(macOf(key, value, untilMs, signing), 'hex');
      const isOurs = sent.length === expected.length && timingSafeEqual(sent, expected);
      return isOurs ? { value, untilMs } : undefined;
    } catch {
      return undefined; // not ours
    }
  }

  return {
    async get(key, signal) {
      const found = await harmless(async () => ({ entry: await redis.get(prefix + key) }), signal);
      if (found === undefined) return await memory.get(key, signal);
      if (found.entry === undefined) return undefined;
      const entry = open(found.entry.toString('utf8'), key);
      if (entry === undefined) return key.startsWith(UNSIGNED) ? '' : undefined;
      const leftMs = entry.untilMs - clock.now();
      if (leftMs <= 0) return undefined;
      await memory.set(key, entry.value, leftMs, signal);
      return entry.value;
    },
    async set(key, value, ttlMs, signal) {
      await memory.set(key, value, ttlMs, signal);
      const signing = signingKey();
      if (signing === undefined) return false;
      const untilMs = clock.now() + ttlMs;
      const entry: Entry = { value, untilMs, mac: macOf(key, value, untilMs, signing) };
      const text = Buffer.from(JSON.stringify(entry));
      const written = await harmless(async () => {
        await redis.set(prefix + key, text, ttlMs);
        return true;
      }, signal);
      return written ?? false;
    },
    async delete(key, signal) {
      await memory.delete(key, signal);
      await harmless(() => redis.delete(prefix + key), signal);
    },
    publish(channel, message) {
      memory.publish(channel, message);
      redis.publish(prefix + channel, message).catch(trouble);
    },
    subscribe(channel, listener) {
      const stack = new DisposableStack();
      stack.use(memory.subscribe(channel, listener));
      stack.use(redis.subscribe(prefix + channel, listener));
      return { [Symbol.dispose]: () => stack.dispose() };
    },
  };
}

function macOf(key: string, value: string, untilMs: number, signing: string): string {
  const derived = createHmac('sha256', signing).update('tiphys states').digest();
  return createHmac('sha256', derived)
    .update(JSON.stringify([key, value, untilMs]))
    .digest('hex');
}
