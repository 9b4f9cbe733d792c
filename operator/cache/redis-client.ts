import type { ConnectionOptions } from 'node:tls';
import { Redis, type RedisOptions as AnyClientOptions } from 'ioredis';

export interface RedisOptions {
  /** The server, the Sentinels that know which server it is now, or nodes of a cluster. */
  readonly server: ({ readonly type: 'address' } & RedisAddress) | RedisSentinels | RedisNodes;
  /** A cluster has 0 alone. */
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  /** TLS, with Sentinels and all nodes of a cluster too. A function is asked at every connection, and must not throw. */
  readonly tls?: RedisTls | (() => RedisTls);
  /** Longest time of one command. Default 2 s. */
  readonly commandTimeoutMs?: number;
}

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisSentinels {
  readonly type: 'sentinels';
  /** Asked in this order, until one answers. */
  readonly sentinels: readonly RedisAddress[];
  /** What the servers are called there. */
  readonly master: string;
  readonly username?: string;
  readonly password?: string;
}

export interface RedisNodes {
  readonly type: 'cluster';
  /** Where we ask for all others, at first and whenever none is left; one that answers is enough. */
  readonly nodes: readonly RedisAddress[];
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

/** What is said to Redis, whatever it is. Each command is about one key, which is in one slot of a cluster. */
export interface RedisClient {
  readonly commands: Pick<Redis, 'getBuffer' | 'set' | 'del' | 'publish'>;
  /** Heard from now on, and again whenever the connection comes back. */
  hear(channel: string): void;
  unhear(channel: string): void;
  close(): void;
}

export type Told = (channel: string, message: string) => void;

/** The overloads of the client differ by this field alone. */
export type ClientOptions = Omit<AnyClientOptions, 'replyMapping'>;

export const COMMAND_TIMEOUT_MS = 2_000;
export const CONNECT_TIMEOUT_MS = 5_000;
const MAX_RETRY_MS = 10_000;
export const retryMs = (attempt: number): number => Math.min(attempt * 200, MAX_RETRY_MS);

export type ServerOptions = RedisOptions & {
  readonly server: Exclude<RedisOptions['server'], RedisNodes>;
};

/** One server, wherever Sentinels say that it is; connects in the background, and anew for ever. */
export function openServer(options: ServerOptions, told: Told): RedisClient {
  const commandTimeout = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
  const clientOptions: ClientOptions = {
    ...placeOf(options, commandTimeout),
    ...userOf(options),
    db: options.db,
    // Whoever waits for a render waits for no Redis.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: retryMs,
    // It was made a replica: who the master is now is asked again.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
  const client = new Redis(clientOptions);
  client.on('error', () => {}); // each command tells for itself, and the metric counts them
  const channels = new Set<string>();
  let hearing: Redis | undefined;

  function openHearing(): Redis {
    // Its own way to subscribe again drops the promise: a connection lost at that moment would end the process.
    const second = client.duplicate({ autoResubscribe: false });
    second.on('error', () => {}); // it connects again
    second.on('message', told);
    second.on('ready', () => {
      for (const channel of channels) subscribe(second, channel);
    });
    return second;
  }

  /** One that is not connected does so when it is. */
  function subscribe(connection: Redis, channel: string): void {
    if (connection.status === 'ready') connection.subscribe(channel).catch(() => {}); // lost meanwhile
  }

  return {
    commands: client,
    hear(channel) {
      channels.add(channel);
      hearing ??= openHearing();
      subscribe(hearing, channel);
    },
    unhear(channel) {
      channels.delete(channel);
      hearing?.unsubscribe(channel).catch(() => {}); // the connection is gone, and so is this
    },
    close() {
      hearing?.disconnect();
      client.disconnect();
    },
  };
}

export function userOf({ username, password }: Pick<RedisOptions, 'username' | 'password'>): {
  readonly username?: string;
  readonly password?: string;
} {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

function placeOf(
  { server, tls }: Pick<ServerOptions, 'server' | 'tls'>,
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
    sentinelRetryStrategy: retryMs,
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(secured !== undefined && {
      ...{ tls: secured, sentinelTLS: secured, enableTLSForSentinelMode: true },
    }),
  };
}

/** The client copies these whenever it connects: by then a certificate may be another one. */
export function tlsOptions(tls: NonNullable<RedisOptions['tls']>): ConnectionOptions {
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
