import { Redis } from 'ioredis';

export interface RedisOptions {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  /** TLS; with the authorities that are trusted instead of those of the system, as PEM. */
  readonly tls?: { readonly ca?: string };
  /** Longest time of one command. Default 2 s. */
  readonly commandTimeoutMs?: number;
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

const COMMAND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_RETRY_MS = 10_000;

export function connectRedis(options: RedisOptions): RedisConnection {
  const { host, port, db, username, password, tls } = options;
  const client = new Redis({
    ...{ host, port, db },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls: tls.ca === undefined ? {} : { ca: tls.ca } }),
    // Whoever waits for a render waits for no Redis.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 200, MAX_RETRY_MS),
  });
  client.on('error', () => {}); // each command tells for itself, and the metric counts them
  let hearing: Redis | undefined;
  const listeners = new Map<string, Set<(message: string) => void>>();

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
    get: async (key) => (await client.getBuffer(key)) ?? undefined,
    async set(key, value, ttlMs) {
      await client.set(key, value, 'PX', Math.max(1, Math.round(ttlMs)));
    },
    async delete(key) {
      await client.del(key);
    },
    async publish(channel, message) {
      await client.publish(channel, message);
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
