import { hostname } from 'node:os';
import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/telemetry.ts';
import { openServer, type RedisClient, type RedisOptions, type Told } from './redis-client.ts';
import { openCluster } from './redis-cluster.ts';

/** Where it is counted what Redis was asked. */
export interface RedisTelemetry {
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** A way to Redis, made in the background and made again when it is lost. Commands fail at once while there is none. */
export interface RedisConnection extends AsyncDisposable {
  get(key: string): Promise<Buffer | undefined>;
  /** Goes away by itself after so many milliseconds. */
  set(key: string, value: Buffer, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Tells all who listen on a channel now. */
  publish(channel: string, message: string): Promise<void>;
  /** Hears what is told on a channel from now on, over a connection of its own. What is told while it is lost is not heard. */
  subscribe(channel: string, listener: (message: string) => void): Disposable;
}

/** Every command is counted, with its time, and with the name of this machine as Argo CD has it. */
export function connectRedis(
  options: RedisOptions,
  { clock, metrics }: RedisTelemetry,
): RedisConnection {
  const listeners = new Map<string, Set<(message: string) => void>>();
  const client = open(options, clock, (channel, message) => {
    for (const listener of listeners.get(channel) ?? []) listener(message);
  });
  const { commands } = client;
  const here = { hostname: hostname(), initiator: 'tiphys' };

  async function counted<T>(command: string, work: () => Promise<T>): Promise<T> {
    const begin = clock.monotonic();
    let failed = 'true';
    try {
      const answer = await work();
      failed = 'false';
      return answer;
    } finally {
      metrics.count('argocd_redis_request_total', { ...here, command, failed });
      const seconds = (clock.monotonic() - begin) / 1_000;
      metrics.observe('argocd_redis_request_duration', here, seconds);
    }
  }

  return {
    get: async (key) => (await counted('get', () => commands.getBuffer(key))) ?? undefined,
    async set(key, value, ttlMs) {
      const ms = Math.max(1, Math.round(ttlMs));
      await counted('set', () => commands.set(key, value, 'PX', ms));
    },
    async delete(key) {
      await counted('del', () => commands.del(key));
    },
    async publish(channel, message) {
      await counted('publish', () => commands.publish(channel, message));
    },
    subscribe(channel, listener) {
      const there = listeners.get(channel);
      if (there === undefined) {
        listeners.set(channel, new Set([listener]));
        client.hear(channel);
      } else there.add(listener);
      return {
        [Symbol.dispose]() {
          const left = listeners.get(channel);
          left?.delete(listener);
          if (left?.size !== 0) return;
          listeners.delete(channel);
          client.unhear(channel);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}

function open({ server, ...options }: RedisOptions, clock: Clock, told: Told): RedisClient {
  return server.type === 'cluster'
    ? openCluster({ ...options, server }, clock, told)
    : openServer({ ...options, server }, told);
}
