import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.ts';
import { sleep } from './waiting.ts';

export interface RedisClusterServers extends AsyncDisposable {
  /** Three that hold a third of the slots each; then a replica of the first, if there is one. */
  readonly nodes: readonly RedisServer[];
  readonly password: string;
  /** Says something to one node itself, which does not follow where a key has gone. */
  call(node: RedisServer, ...words: readonly [string, ...string[]]): Promise<unknown>;
  /** Every node that answers holds the cluster to be well. */
  wellFor(nodes: readonly RedisServer[]): Promise<void>;
}

export interface RedisClusterOptions extends Pick<RedisServerOptions, 'signal' | 'tls' | 'open'> {
  /** Whether the first node has a replica that takes its place. */
  readonly replica?: boolean;
}

const SLOTS = 16_384;

/**
 * A real Redis cluster of three nodes on 127.0.0.1. Errors and lifetime as for `startRedisServer`.
 */
export async function startRedisCluster(
  options: RedisClusterOptions,
): Promise<RedisClusterServers> {
  const { signal, tls, replica = false } = options;
  await using stack = new AsyncDisposableStack();
  const nodes: RedisServer[] = [];
  const busPorts: number[] = [];
  for (let index = 0; index < (replica ? 4 : 3); index += 1) {
    const busPort = await freePort();
    nodes.push(stack.use(await startRedisServer({ ...options, node: { busPort } })));
    busPorts.push(busPort);
  }
  const [first, ...others] = nodes as [RedisServer, ...RedisServer[]]; // there are three

  async function call(
    { port, password }: RedisServer,
    ...[command, ...words]: readonly [string, ...string[]]
  ): Promise<unknown> {
    const client = new Redis({
      ...{ port, host: tls === undefined ? '127.0.0.1' : 'localhost', retryStrategy: () => null },
      ...(options.open !== true && { password }),
      ...(tls !== undefined && {
        tls: {
          ca: tls.certificate,
          ...(tls.peer && { cert: tls.peer.certificate, key: tls.peer.key }),
        },
      }),
    });
    client.on('error', () => {}); // the command fails
    try {
      return await client.call(command, ...words);
    } finally {
      client.disconnect();
    }
  }

  async function wellFor(asked: readonly RedisServer[]): Promise<void> {
    for (const node of asked)
      for (;;) {
        const info = String(await call(node, 'CLUSTER', 'INFO').catch(() => ''));
        if (/cluster_state:ok/.test(info) && info.includes(`cluster_known_nodes:${nodes.length}`))
          break;
        await sleep(50, signal);
      }
  }

  const third = Math.ceil(SLOTS / 3);
  for (const [index, node] of nodes.slice(0, 3).entries()) {
    const last = Math.min(SLOTS, (index + 1) * third) - 1;
    await call(node, 'CLUSTER', 'ADDSLOTSRANGE', `${index * third}`, `${last}`);
    await call(node, 'CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`);
  }
  for (const [index, { port }] of others.entries())
    await call(first, 'CLUSTER', 'MEET', '127.0.0.1', `${port}`, `${busPorts[index + 1]}`);
  await wellFor(nodes);
  const [, , , fourth] = nodes;
  if (fourth !== undefined) {
    const id = String(await call(first, 'CLUSTER', 'MYID'));
    await call(fourth, 'CLUSTER', 'REPLICATE', id);
    while (!/master_link_status:up/.test(String(await call(fourth, 'INFO', 'replication'))))
      await sleep(50, signal);
  }
  const owned = stack.move();
  return {
    ...{ nodes, call, wellFor, password: first.password },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
