import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { startRedisCluster } from '../../e2e/controlplane/redis-cluster.ts';
import { startRedisServer } from '../../e2e/controlplane/redis-server.ts';
import type { StateCache } from '../ports/state-cache.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLogger, silentMetrics } from '../telemetry/silent.ts';
import { createMemoryStateCache } from './memory-state-cache.ts';
import type { RedisOptions } from './redis-client.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { createRedisStateCache } from './redis-state-cache.ts';

const signal = AbortSignal.timeout(120_000);

/** What every state cache keeps to. */
function contract(open: () => StateCache): void {
  test('what was set is there, until it is deleted', async () => {
    const states = open();
    assert.equal(await states.get('a', signal), undefined);
    await states.set('a', 'one "two" \u2028', 60_000, signal);
    assert.equal(await states.get('a', signal), 'one "two" \u2028');
    await states.set('a', 'three', 60_000, signal);
    assert.equal(await states.get('a', signal), 'three');
    await states.delete('a', signal);
    assert.equal(await states.get('a', signal), undefined);
  });

  test('what was set goes when its time is over', async () => {
    const states = open();
    await states.set('short', 'x', 50, signal);
    assert.equal(await states.get('short', signal), 'x');
    await eventually(async () => (await states.get('short', signal)) === undefined);
  });

  test('who listens hears what is told on the channel, and no longer once it stops', async () => {
    const states = open();
    const heard: string[] = [];
    const listening = states.subscribe('news', (message) => void heard.push(message));
    states.subscribe('other', () => assert.fail('nothing is told here'));
    await eventually(async () => {
      states.publish('news', 'one');
      return heard.includes('one');
    });
    listening[Symbol.dispose]();
    const count = heard.length;
    states.publish('news', 'two');
    await sleep(50);
    assert.equal(heard.includes('two'), false);
    assert.equal(heard.length, count);
  });

  test('gives up when it is told to', async () => {
    const states = open();
    const stopped = AbortSignal.abort(new Error('enough'));
    await assert.rejects(states.get('a', stopped), /enough/);
  });
}

describe('states in memory', () => {
  contract(() => createMemoryStateCache({ clock: systemClock }));
});

/** A real Redis of some kind. */
interface Place extends AsyncDisposable {
  readonly server: RedisOptions['server'];
  readonly password: string;
  /** Writes what it likes. */
  readonly raw: Redis | Cluster;
  stop(): Promise<void>;
  start(): Promise<void>;
}

async function oneServer(): Promise<Place> {
  const server = await startRedisServer({ signal });
  const { port, password } = server;
  return {
    server: { type: 'address', host: '127.0.0.1', port },
    raw: new Redis({ host: '127.0.0.1', port, password }),
    ...{ password, stop: server.stop, start: server.start },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function cluster(): Promise<Place> {
  const servers = await startRedisCluster({ signal });
  const { password } = servers;
  const nodes = servers.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  return {
    // Of the others it hears from this one.
    server: { type: 'cluster', nodes: nodes.slice(0, 1) },
    raw: new Cluster(nodes, { redisOptions: { password } }),
    password,
    async stop() {
      for (const node of servers.nodes) await node.stop();
    },
    async start() {
      for (const node of servers.nodes) await node.start();
    },
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  };
}

describe('states in Redis', () => statesIn(oneServer));
describe('states in a Redis cluster', () => statesIn(cluster));

function statesIn(start: () => Promise<Place>): void {
  let place: Place;
  const connections: RedisConnection[] = [];
  before(async () => {
    place = await start();
    place.raw.on('error', () => {}); // it goes on when the server is back
  });
  after(async () => {
    place.raw.disconnect();
    for (const connection of connections) await connection[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  function open(warnings: string[] = []): StateCache {
    const { server, password } = place;
    const redis = connectRedis(
      { server, password, db: 0, commandTimeoutMs: 500 },
      { clock: systemClock, metrics: silentMetrics },
    );
    connections.push(redis);
    return createRedisStateCache({
      redis,
      prefix: 'team:',
      signingKey: () => 'the secret key of the server',
      memory: createMemoryStateCache({ clock: systemClock }),
      clock: systemClock,
      logger: { ...silentLogger, warn: (_fields, text) => void warnings.push(text) },
      metrics: silentMetrics,
    });
  }

  /** Connected, so that what follows is not about the beginning. */
  async function connected(warnings?: string[]): Promise<StateCache> {
    const states = open(warnings);
    await eventually(() => states.set('connected', 'yes', 60_000, signal));
    warnings?.splice(0);
    return states;
  }

  contract(() => open());

  test('what one server sets another sees, and hears', async () => {
    const [one, two] = [await connected(), await connected()];
    await one.set('shared', 'x', 60_000, signal);
    assert.equal(await two.get('shared', signal), 'x');
    const heard: string[] = [];
    two.subscribe('news', (message) => void heard.push(message));
    await eventually(async () => {
      one.publish('news', 'told');
      return heard.length > 0;
    });
    await one.delete('shared', signal);
    assert.equal(await two.get('shared', signal), undefined);
  });

  test('an entry that none of us signed, or that was moved to another key, is as good as absent', async () => {
    const states = await connected();
    await place.raw.set(
      'team:forged',
      JSON.stringify({ value: 'x', untilMs: Date.now() + 60_000, mac: '' }),
    );
    assert.equal(await states.get('forged', signal), undefined);
    await states.set('mine', 'x', 60_000, signal);
    await place.raw.set('team:moved', (await place.raw.get('team:mine')) ?? '');
    assert.equal(await states.get('moved', signal), undefined);
    await place.raw.set('team:broken', '{');
    assert.equal(await states.get('broken', signal), undefined);
  });

  test('a token that somebody else revoked counts as revoked', async () => {
    const states = await connected();
    await place.raw.set('team:revoked-token|abc', '1');
    assert.equal(await states.get('revoked-token|abc', signal), '');
    assert.equal(await states.get('revoked-token|def', signal), undefined);
  });

  test('while Redis is away this server goes on with what it knows, and says so once', async () => {
    const warnings: string[] = [];
    const states = await connected(warnings);
    await states.set('before', 'x', 60_000, signal);
    await place.stop();
    try {
      assert.equal(await states.get('before', signal), 'x');
      assert.equal(await states.set('during', 'y', 60_000, signal), false);
      assert.equal(await states.get('during', signal), 'y');
      await states.delete('before', signal);
      assert.equal(await states.get('before', signal), undefined);
      states.publish('news', 'lost');
      assert.equal(warnings.length, 1);
    } finally {
      await place.start();
    }
    await eventually(() => states.set('after', 'z', 60_000, signal));
    assert.equal(await states.get('after', signal), 'z');
  });
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (await check()) return;
    await sleep(20);
  }
}
