import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type CertificateAndKey,
  type ClientAuthority,
  createClientAuthority,
  createServerCertificate,
} from '../../e2e/controlplane/certificates.ts';
import {
  type RedisClusterServers,
  startRedisCluster,
} from '../../e2e/controlplane/redis-cluster.ts';
import type { RedisServer } from '../../e2e/controlplane/redis-server.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentMetrics } from '../telemetry/silent.ts';
import type { RedisOptions } from './redis-client.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { never, untilDone } from './testing/redis-attempts.ts';

const signal = AbortSignal.timeout(180_000);
const until = (work: () => Promise<unknown>) => untilDone(work, signal);
const telemetry = { clock: systemClock, metrics: silentMetrics };
/** Its slots are 0 to 5461, 5462 to 10923, and the rest. */
const KEYS = Array.from({ length: 30 }, (_, index) => `mfst|label|web-${index}|1.8.3.gz`);

describe('a cluster', () => {
  let servers: RedisClusterServers;
  const stack = new AsyncDisposableStack();
  before(async () => {
    servers = stack.use(await startRedisCluster({ signal, replica: true }));
  });
  after(() => stack.disposeAsync());

  function connect(nodes: readonly { readonly port: number }[]): RedisConnection {
    const named = nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    const server = { type: 'cluster', nodes: named } as const;
    const { password } = servers;
    return stack.use(connectRedis({ server, password, db: 0, commandTimeoutMs: 500 }, telemetry));
  }

  /** Those that only nodes with these numbers hold. */
  async function keysOf(node: RedisServer): Promise<readonly string[]> {
    const held = (await servers.call(node, 'KEYS', '*')) as string[];
    return KEYS.filter((key) => held.includes(key));
  }

  test('keys are on all nodes, and all are found from any one', async () => {
    for (const node of servers.nodes) {
      const redis = connect([node]);
      for (const key of KEYS)
        await until(() => redis.set(key, Buffer.from(`${key} ${node.port}`), 600_000));
      for (const key of KEYS) {
        const found = await redis.get(key);
        assert.equal(String(found), `${key} ${node.port}`);
      }
    }
    for (const node of servers.nodes) assert.ok((await keysOf(node)).length > 0);
    const redis = connect(servers.nodes);
    for (const key of KEYS) await until(() => redis.delete(key));
    assert.equal(await redis.get(KEYS[0] ?? ''), undefined);
  });

  test('a message is heard whichever node it is told to', async () => {
    const hearing = connect([{ port: 1 }, ...servers.nodes]); // nobody is at the first
    const heard: string[] = [];
    hearing.subscribe('news', (message) => void heard.push(message));
    for (const node of servers.nodes)
      await until(async () => {
        await servers.call(node, 'PUBLISH', 'news', `from ${node.port}`);
        assert.ok(heard.includes(`from ${node.port}`));
      });
  });

  test('a key that moves is found on its way and at its new node, and is not lost', async () => {
    const [, second, third] = servers.nodes;
    assert.ok(second !== undefined && third !== undefined);
    const redis = connect(servers.nodes);
    for (const key of KEYS) await until(() => redis.set(key, Buffer.from('here'), 600_000));
    const [key = ''] = await keysOf(second);
    assert.notEqual(key, '');
    const slot = String(await servers.call(second, 'CLUSTER', 'KEYSLOT', key));
    const [from, to] = [
      String(await servers.call(second, 'CLUSTER', 'MYID')),
      String(await servers.call(third, 'CLUSTER', 'MYID')),
    ];
    await servers.call(third, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from);
    await servers.call(second, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to);
    const { port } = third;
    const place = ['127.0.0.1', `${port}`, key, '0', '5000', 'AUTH', servers.password];
    await servers.call(second, 'MIGRATE', ...place);
    await assert.rejects(servers.call(second, 'GET', key), /^ReplyError: ASK/);
    assert.equal(String(await redis.get(key)), 'here');
    for (const node of [third, second])
      await servers.call(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', to);
    await assert.rejects(servers.call(second, 'GET', key), /^ReplyError: MOVED/);
    assert.equal(String(await redis.get(key)), 'here');
    await redis.set(key, Buffer.from('there'), 600_000);
    assert.equal(await servers.call(third, 'GET', key), 'there');
  });

  test('a node that hangs or is gone is a miss for its keys alone, and is used again when it is back', async () => {
    const [first, second] = servers.nodes;
    assert.ok(first !== undefined && second !== undefined);
    const redis = connect([second]); // which is also where it hears
    const heard: string[] = [];
    redis.subscribe('news', (message) => void heard.push(message));
    for (const key of KEYS) await until(() => redis.set(key, Buffer.from('x'), 600_000));
    const [lost = ''] = await keysOf(second);
    const [kept = ''] = await keysOf(first);
    second.freeze();
    await assert.rejects(redis.get(lost), /timed out|closed/);
    assert.equal(String(await redis.get(kept)), 'x');
    second.thaw();
    await until(async () => assert.equal(String(await redis.get(lost)), 'x'));
    await second.stop();
    await assert.rejects(redis.get(lost));
    await second.start();
    await until(() => redis.set(lost, Buffer.from('again'), 600_000));
    assert.equal(String(await redis.get(lost)), 'again');
    assert.equal(String(await redis.get(kept)), 'x', 'what others held is still there');
    await heardAgain(redis, heard);
    await servers.wellFor(servers.nodes);
  });

  test('the replica that took the place of its node is asked, and what it copied is there', async () => {
    const [first, , , replica] = servers.nodes;
    assert.ok(first !== undefined && replica !== undefined);
    const redis = connect([first]); // which is also where it hears
    const heard: string[] = [];
    redis.subscribe('news', (message) => void heard.push(message));
    for (const key of KEYS) await until(() => redis.set(key, Buffer.from('x'), 600_000));
    const [key = ''] = await keysOf(first);
    await until(async () => assert.ok((await keysOf(replica)).includes(key)));
    await heardAgain(redis, heard);
    // It hangs: its connections are open, and nobody is told that they are good for nothing.
    first.freeze();
    try {
      await until(() => redis.set(key, Buffer.from('new'), 600_000));
      assert.equal(await servers.call(replica, 'GET', key), 'new');
      assert.equal(String(await redis.get(key)), 'new');
      await heardAgain(redis, heard);
    } finally {
      first.thaw();
    }
  });

  test('has one database', () => {
    const server = { type: 'cluster', nodes: [{ host: '127.0.0.1', port: 1 }] } as const;
    assert.throws(() => connectRedis({ server, db: 3 }, telemetry), /no database 3/);
  });

  async function heardAgain(redis: RedisConnection, heard: string[]): Promise<void> {
    heard.splice(0);
    await until(async () => {
      await redis.publish('news', 'told');
      assert.ok(heard.includes('told'));
    });
  }
});

describe('a cluster with TLS', () => {
  let own: CertificateAndKey;
  let authority: ClientAuthority;
  let servers: RedisClusterServers;
  const stack = new AsyncDisposableStack();
  before(async () => {
    own = createServerCertificate('127.0.0.2', ['localhost']); // not for the address that the name has
    authority = createClientAuthority();
    const tls = { ...own, clientCa: authority.certificate, peer: authority.issue('node', []) };
    servers = stack.use(await startRedisCluster({ signal, tls }));
  });
  after(() => stack.disposeAsync());

  function connect(tls: RedisOptions['tls']): RedisConnection {
    const nodes = servers.nodes.slice(0, 1).map(({ port }) => ({ host: 'localhost', port }));
    const { password } = servers;
    const options = { server: { type: 'cluster', nodes }, password, db: 0 } as const;
    return stack.use(
      connectRedis(
        { ...options, commandTimeoutMs: 500, ...(tls !== undefined && { tls }) },
        telemetry,
      ),
    );
  }

  function known(): { readonly ca: string; readonly client: { cert: string; key: string } } {
    const { certificate: cert, key } = authority.issue('tiphys', []);
    return { ca: own.certificate, client: { cert, key } };
  }

  test('all nodes believe our certificate, and we theirs, by the name that they have', async () => {
    const redis = connect(known());
    const heard: string[] = [];
    redis.subscribe('news', (message) => void heard.push(message));
    for (const key of KEYS) await until(() => redis.set(key, Buffer.from('1'), 60_000));
    for (const key of KEYS) assert.equal(String(await redis.get(key)), '1');
    await until(async () => {
      await redis.publish('news', 'told');
      assert.ok(heard.includes('told'));
    });
  });

  test('who has no certificate, or believes another authority, is not let in', async () => {
    await never(connect(undefined));
    await never(connect({ ca: own.certificate }));
    await never(connect({ ...known(), ca: authority.certificate }));
  });

  test('a certificate that was renewed is shown at the next connection', async () => {
    const strange = createClientAuthority().issue('x', []);
    let tls = { ...known(), client: { cert: strange.certificate, key: strange.key } };
    const redis = connect(() => tls);
    await never(redis);
    tls = known();
    for (const key of KEYS) await until(() => redis.set(key, Buffer.from('1'), 60_000));
    const [first] = servers.nodes;
    assert.ok(first !== undefined);
    // Those that are connected show the new one when they connect anew.
    tls = known();
    await first.stop();
    await first.start();
    for (const key of KEYS) await until(() => redis.set(key, Buffer.from('2'), 60_000));
  });
});
