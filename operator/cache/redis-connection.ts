import { hostname } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import { Redis, type RedisOptions as AnyClientOptions } from 'ioredis';
import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/telemetry.ts';

export interface RedisOptions {
  /** The server, or the Sentinels that know which server it is now. */
  readonly server:
    | { readonly type: 'address'; readonly host: string; readonly port: number }
    | RedisSentinels;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  /** TLS, with Sentinels too. A function is asked at every connection, and must not throw. */
  readonly tls?: RedisTls | (() => RedisTls);
  /** Longest time of one command. Default 2 s. */
  readonly commandTimeoutMs?: number;
}

export interface RedisSentinels {
  readonly type: 'sentinels';
  /** Asked in this order, until one answers. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  /** What the servers are called there. */
  readonly master: string;
  readonly username?: string;
  readonly password?: string;
}

/** PEM texts. */
export interface RedisTls {
  /** The authorities that are trusted instead of those of the system. */
  readonly ca?: string;
  /** What proves who we are: a certificate and its private key. */
  readonly client?: { readonly cert: string; readonly key: string };
  /** Whoever answers is believed to be the server. */
  readonly insecure?: boolean;
}

/** Where it is counted what Redis was asked. */
export interface RedisTelemetry {
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** One connection, made in the background and made again when it is lost. Commands fail at once while there is none. */
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

/** The overloads of the client differ by this field alone. */
type ClientOptions = Omit<AnyClientOptions, 'replyMapping'>;

const COMMAND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_RETRY_MS = 10_000;

/** Every command is counted, with its time, and with the name of this machine as Argo CD has it. */
export function connectRedis(
  options: RedisOptions,
  { clock, metrics }: RedisTelemetry,
): RedisConnection {
  const { db, username, password } = options;
  const commandTimeout = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
  const clientOptions: ClientOptions = {
    ...placeOf(options, commandTimeout),
    db,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    // Whoever waits for a render waits for no Redis.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 200, MAX_RETRY_MS),
    // It was made a replica: who the master is now is asked again.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
  const client = new Redis(clientOptions);
  client.on('error', () => {}); // each command tells for itself, and the metric counts them
  let hearing: Redis | undefined;
  const listeners = new Map<string, Set<(message: string) => void>>();

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

  function hear(channel: string): void {
    hearing ??= openHearing();
    // Subscribed again by itself whenever the connection comes back.
    hearing.subscribe(channel).catch(() => {});
  }

  function openHearing(): Redis {
    const second = client.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
    second.on('error', () => {}); // it connects again
    second.on('message', (channel: string, message: string) => {
      for (const listener of listeners.get(channel) ?? []) listener(message);
    });
    return second;
  }

  return {
    get: async (key) => (await counted('get', () => client.getBuffer(key))) ?? undefined,
    async set(key, value, ttlMs) {
      const ms = Math.max(1, Math.round(ttlMs));
      await counted('set', () => client.set(key, value, 'PX', ms));
    },
    async delete(key) {
      await counted('del', () => client.del(key));
    },
    async publish(channel, message) {
      await counted('publish', () => client.publish(channel, message));
    },
    subscribe(channel, listener) {
      const there = listeners.get(channel);
      if (there === undefined) {
        listeners.set(channel, new Set([listener]));
        hear(channel);
      } else there.add(listener);
      return {
        [Symbol.dispose]() {
          const left = listeners.get(channel);
          left?.delete(listener);
          if (left?.size !== 0) return;
          listeners.delete(channel);
          hearing?.unsubscribe(channel).catch(() => {}); // the connection is gone, and so is this
        },
      };
    },
    async [Symbol.asyncDispose]() {
      hearing?.disconnect();
      client.disconnect();
    },
  };
}

function placeOf(
  { server, tls }: Pick<RedisOptions, 'server' | 'tls'>,
  commandTimeout: number,
): ClientOptions {
  const secured = tls === undefined ? undefined : tlsOptions(tls);
  if (server.type === 'address') {
    const { host, port } = server;
    return { host, port, ...(secured !== undefined && { tls: secured }) };
  }
  const { sentinels, master, username, password } = server;
  return {
    sentinels: [...sentinels],
    name: master,
    sentinelCommandTimeout: commandTimeout,
    sentinelRetryStrategy: (attempt) => Math.min(attempt * 200, MAX_RETRY_MS),
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(secured !== undefined && {
      ...{ tls: secured, sentinelTLS: secured, enableTLSForSentinelMode: true },
    }),
  };
}

/** The client copies these whenever it connects: by then a certificate may be another one. */
function tlsOptions(tls: NonNullable<RedisOptions['tls']>): ConnectionOptions {
  const now = () => (typeof tls === 'function' ? tls() : tls);
  return Object.defineProperties(
    {},
    {
      ca: { enumerable: true, get: () => now().ca },
      cert: { enumerable: true, get: () => now().client?.cert },
      key: { enumerable: true, get: () => now().client?.key },
      rejectUnauthorized: { enumerable: true, get: () => now().insecure !== true },
    },
  );
}
