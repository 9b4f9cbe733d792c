import { Cluster, Redis } from 'ioredis';
import type { Clock } from '../ports/clock.ts';
import {
  type ClientOptions,
  COMMAND_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  type RedisClient,
  type RedisNodes,
  type RedisOptions,
  retryMs,
  tlsOptions,
  type Told,
  userOf,
} from './redis-client.ts';

export type ClusterOptions = RedisOptions & { readonly server: RedisNodes };

const MAX_REDIRECTIONS = 5;

/**
 * The named nodes tell which there are, and `MOVED` and `ASK` are followed. Connects in the background, and
 * anew for ever. Errors: `RangeError` for another database than 0.
 */
export function openCluster(options: ClusterOptions, clock: Clock, told: Told): RedisClient {
  const { server, db, tls } = options;
  if (db !== 0) throw new RangeError(`a Redis cluster has no database ${db}, but 0 alone`);
  const commandTimeout = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
  const redisOptions: ClientOptions = {
    ...userOf(options),
    ...(tls !== undefined && { tls: tlsOptions(tls) }),
    commandTimeout,
    connectTimeout: CONNECT_TIMEOUT_MS,
  };
  const client = new Cluster([...server.nodes], {
    // A node that hangs is left at once: only without it one learns of the replica in its place.
    redisOptions: { ...redisOptions, socketTimeout: commandTimeout },
    // Certificates are for names, which must not have become addresses before.
    dnsLookup: (name, done) => done(null, name),
    clusterRetryStrategy: retryMs,
    // One second, as the client has it, is short for TCP, TLS and a password.
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    // As with one server: who asks while nobody answers is told so, and does not wait.
    enableOfflineQueue: false,
    retryDelayOnClusterDown: 0,
    maxRedirections: MAX_REDIRECTIONS,
  });
  client.on('error', () => {}); // each command tells for itself, and the metric counts them
  const hearing = hearAtOneNode({ client, server, redisOptions, clock, told });
  return {
    commands: client,
    ...hearing,
    close() {
      hearing.close();
      client.disconnect();
    },
  };
}

/**
 * What is told to one node all others hear, so that one connection is enough; when it is lost, the next node
 * is taken. The client has this too, but goes from node to node without a pause while none answers.
 */
function hearAtOneNode({
  client,
  server: { nodes },
  redisOptions,
  clock,
  told,
}: {
  readonly client: Cluster;
  readonly server: RedisNodes;
  readonly redisOptions: ClientOptions;
  readonly clock: Clock;
  readonly told: Told;
}): Pick<RedisClient, 'hear' | 'unhear' | 'close'> {
  const channels = new Set<string>();
  let at: Redis | undefined;
  let turn = 0;
  let failures = 0;
  const closing = new AbortController();

  function connect(): void {
    const known = client.nodes().map(({ options: { host, port } }) => ({ host, port }));
    const places = known.length > 0 ? known : nodes;
    const { host = '', port = 0 } = places[turn % places.length] ?? {};
    turn += 1;
    const redis = new Redis({ ...redisOptions, host, port, retryStrategy: () => null });
    at = redis;
    redis.on('error', () => {}); // it ends, too
    redis.on('message', told);
    redis.once('ready', () => {
      failures = 0;
    });
    redis.once('end', again);
    for (const channel of channels) subscribe(redis, channel);
  }

  function subscribe(redis: Redis, channel: string): void {
    redis.subscribe(channel).catch(() => redis.disconnect());
  }

  function again(): void {
    failures += 1;
    clock.sleep(retryMs(failures), closing.signal).then(connect, () => {}); // closed
  }

  client.on('-node', ({ options: { host, port } }: Redis) => {
    if (at?.options.host === host && at?.options.port === port) at?.disconnect();
  });

  return {
    hear(channel) {
      channels.add(channel);
      if (at === undefined) connect();
      else subscribe(at, channel);
    },
    unhear(channel) {
      channels.delete(channel);
      at?.unsubscribe(channel).catch(() => {}); // the connection is gone, and so is this
    },
    close() {
      closing.abort();
      at?.disconnect();
    },
  };
}
