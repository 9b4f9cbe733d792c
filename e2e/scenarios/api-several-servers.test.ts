import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type RedisClusterServers, startRedisCluster } from '../controlplane/redis-cluster.ts';
import {
  type RedisServer,
  startRedisSentinel,
  startRedisServer,
} from '../controlplane/redis-server.ts';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { met, pending } from '../language/expectation.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';

const signal = AbortSignal.timeout(600_000);

/** Two servers, and the Redis between them. */
interface Pair {
  readonly one: ApiClient;
  readonly two: ApiClient;
  stop(): Promise<void>;
  start(): Promise<void>;
}

describe('two servers of one control plane, with Redis between them', () => {
  let redis: RedisServer;
  let sentinel: RedisServer;
  let cluster: RedisClusterServers;
  let world: World;
  let behindSentinel: Pair;
  let inCluster: Pair;
  before(async () => {
    redis = await startRedisServer({ signal, open: true });
    const master = { name: 'shop', port: redis.port };
    sentinel = await startRedisSentinel({ signal, open: true, master });
    cluster = await startRedisCluster({ signal, open: true });
    world = await startWorld({ signal, operator: false });
    const [first, second] = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
    const ways = {
      one: [`--redis=127.0.0.1:${redis.port}`],
      two: [`--redis-sentinels=127.0.0.1:${sentinel.port}`, '--redis-sentinel-master=shop'],
      three: [`--redis-cluster=${first},${second}`],
      four: [`--redis-cluster=${second}`],
    };
    for (const [name, way] of Object.entries(ways))
      world.startOperator(['--api-port=0', '--leader-election', ...way], name);
    behindSentinel = {
      one: await apiClient(world, signal, 'one'),
      two: await apiClient(world, signal, 'two'),
      ...{ stop: redis.stop, start: redis.start },
    };
    inCluster = {
      one: await apiClient(world, signal, 'three'),
      two: await apiClient(world, signal, 'four'),
      async stop() {
        for (const node of cluster.nodes) await node.stop();
      },
      async start() {
        for (const node of cluster.nodes) await node.start();
      },
    };
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
    await sentinel[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  describe('which one finds by a Sentinel', () => shared(() => ({ ...behindSentinel, world })));
  describe('which is a cluster', () => shared(() => ({ ...inCluster, world })));
});

/** What holds between any two. */
function shared(pair: () => Pair & { readonly world: World }): void {
  const statusOf = async (api: ApiClient, token: string) =>
    (await api.request('/api/v1/applications', { token })).status;

  test('a token of one counts at the other, until somebody signs out at either', async () => {
    const { one, two, world } = pair();
    const token = await signIn(one, world);
    assert.equal(await statusOf(two, token), 200);
    const cookie = `argocd.token=${token}`;
    const out = await one.request('/auth/logout', { headers: { cookie } });
    assert.equal(out.status, 303);
    assert.equal(await statusOf(one, token), 401);
    await world.thenEventually(async () => {
      const status = await statusOf(two, token);
      return status === 401 ? met('refused') : pending(`status ${status}`);
    });
  });

  test('while Redis is away people sign in and read, and who signed out stays out', async () => {
    const { one, two, world, stop, start } = pair();
    const [kept, left] = [await signIn(one, world), await signIn(one, world)];
    const cookie = `argocd.token=${left}`;
    await two.request('/auth/logout', { headers: { cookie } });
    await world.thenEventually(async () =>
      (await statusOf(one, left)) === 401 ? met('refused') : pending('not told yet'),
    );
    await stop();
    try {
      assert.equal(await statusOf(one, kept), 200);
      assert.equal(await statusOf(one, await signIn(one, world)), 200);
      for (const api of [one, two]) assert.equal(await statusOf(api, left), 401);
    } finally {
      await start();
    }
    assert.equal(await statusOf(two, kept), 200);
  });
}
