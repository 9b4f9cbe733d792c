import assert from 'node:assert/strict';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import {
  type CertificateAndKey,
  type ClientAuthority,
  createClientAuthority,
  createServerCertificate,
} from '../../e2e/controlplane/certificates.ts';
import {
  type RedisServer,
  startRedisSentinel,
  startRedisServer,
} from '../../e2e/controlplane/redis-server.ts';
import type { Metrics } from '../ports/telemetry.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentMetrics } from '../telemetry/silent.ts';
import type { RedisOptions } from './redis-client.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { never, untilDone } from './testing/redis-attempts.ts';

const signal = AbortSignal.timeout(120_000);
const until = (work: () => Promise<unknown>) => untilDone(work, signal);
const MASTER = 'shop';

describe('the way to Redis', () => {
  let stack: AsyncDisposableStack;
  let own: CertificateAndKey;
  let authority: ClientAuthority;
  before(() => {
    own = createServerCertificate('127.0.0.1');
    authority = createClientAuthority();
  });
  beforeEach(() => {
    stack = new AsyncDisposableStack();
  });
  afterEach(() => stack.disposeAsync());

  function connect(
    to: Partial<RedisOptions> & Pick<RedisOptions, 'server'>,
    metrics: Metrics = silentMetrics,
  ): RedisConnection {
    const options: RedisOptions = { db: 0, commandTimeoutMs: 500, ...to };
    return stack.use(connectRedis(options, { clock: systemClock, metrics }));
  }

  const at = ({ port }: RedisServer) => ({ type: 'address', host: '127.0.0.1', port }) as const;
  const serve = async (options: Omit<Parameters<typeof startRedisServer>[0], 'signal'> = {}) =>
    stack.use(await startRedisServer({ signal, ...options }));

  test('TLS is believed by the authorities that were named, and by nobody else', async () => {
    const server = await serve({ tls: own });
    const { password } = server;
    const trusting = connect({ server: at(server), password, tls: { ca: own.certificate } });
    await until(() => trusting.set('a', Buffer.from('1'), 60_000));
    const careless = connect({ server: at(server), password, tls: { insecure: true } });
    await until(async () => assert.equal(String(await careless.get('a')), '1'));
    for (const tls of [{}, { ca: authority.certificate }])
      await never(connect({ server: at(server), password, tls }));
    await never(connect({ server: at(server), password })); // no TLS at all
  });

  test('a certificate of ours opens a Redis that asks for one', async () => {
    const server = await serve({ tls: { ...own, clientCa: authority.certificate } });
    const { certificate: cert, key } = authority.issue('tiphys', []);
    const known = { ca: own.certificate, client: { cert, key } };
    const { password } = server;
    const one = connect({ server: at(server), password, tls: known });
    await until(() => one.set('a', Buffer.from('1'), 60_000));
    const heard: string[] = [];
    one.subscribe('news', (message) => void heard.push(message));
    await until(async () => {
      await one.publish('news', 'told');
      assert.ok(heard.includes('told'));
    });
    await never(connect({ server: at(server), password, tls: { ca: own.certificate } }));
    const { certificate: strange, key: strangeKey } = createClientAuthority().issue('x', []);
    const stranger = { ca: own.certificate, client: { cert: strange, key: strangeKey } };
    await never(connect({ server: at(server), password, tls: stranger }));
  });

  test('a certificate that was renewed is shown at the next connection, to a server that was renewed too', async () => {
    const server = await serve({ tls: { ...own, clientCa: authority.certificate } });
    const { password } = server;
    const strange = createClientAuthority().issue('x', []);
    let tls = {
      ca: authority.certificate, // not the server's
      client: { cert: strange.certificate, key: strange.key },
    };
    const redis = connect({ server: at(server), password, tls: () => tls });
    const heard: string[] = [];
    redis.subscribe('news', (message) => void heard.push(message));
    await never(redis);
    const { certificate: cert, key } = authority.issue('tiphys', []);
    tls = { ca: own.certificate, client: { cert, key } };
    await until(() => redis.set('a', Buffer.from('1'), 60_000));
    await until(async () => {
      await redis.publish('news', 'told');
      assert.ok(heard.includes('told'));
    });
  });

  test('the Sentinels say where Redis is, with TLS and a password of their own', async () => {
    const tls = { ...own, clientCa: authority.certificate };
    const { certificate: cert, key } = authority.issue('tiphys', []);
    const server = await serve({ tls });
    const sentinel = stack.use(
      await startRedisSentinel({ signal, tls, master: { name: MASTER, port: server.port } }),
    );
    const sentinels = [
      { host: '127.0.0.1', port: 1 }, // nobody is there
      { host: '127.0.0.1', port: sentinel.port },
    ];
    const { password } = server;
    const place = { type: 'sentinels', sentinels, master: MASTER, password: sentinel.password };
    const known = { ca: own.certificate, client: { cert, key } };
    const to = { server: { ...place, type: 'sentinels' }, password, tls: known } as const;
    const found = connect(to);
    await until(() => found.set('a', Buffer.from('1'), 60_000));
    assert.equal(String(await found.get('a')), '1');
    await never(connect({ ...to, server: { ...to.server, password: 'guessed' } }));
    await never(connect({ ...to, server: { ...to.server, master: 'other' } }));
    await never(connect({ ...to, tls: { ca: own.certificate } }));
  });

  test('when the master is gone, the replica that took its place is asked, and heard', async () => {
    const first = await serve();
    const second = await serve({ replicaOf: first.port });
    const sentinel = stack.use(
      await startRedisSentinel({
        ...{ signal, open: false },
        master: { name: MASTER, port: first.port },
      }),
    );
    const { password } = first;
    const server = {
      type: 'sentinels',
      sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
      ...{ master: MASTER, password: sentinel.password },
    } as const;
    const redis = connect({ server, password });
    const heard: string[] = [];
    redis.subscribe('news', (message) => void heard.push(message));
    await until(() => redis.set('kept', Buffer.from('1'), 600_000));
    const replica = connect({ server: at(second), password });
    await until(async () => assert.equal(String(await replica.get('kept')), '1'));
    // Whom it makes the master it must have seen as a replica.
    const { Redis } = await import('ioredis');
    const raw = new Redis({ port: sentinel.port, password: sentinel.password });
    raw.on('error', () => {});
    stack.defer(() => raw.disconnect());
    await until(async () => {
      const replicas = (await raw.call('SENTINEL', 'REPLICAS', MASTER)) as string[][];
      assert.ok(JSON.stringify(replicas).includes('"slave-repl-offset"'));
      assert.ok(replicas.some((one) => one[one.indexOf('master-link-status') + 1] === 'ok'));
    });
    await first.stop();
    await until(() => redis.set('written', Buffer.from('2'), 600_000));
    await until(async () => assert.equal(String(await replica.get('written')), '2'));
    await until(async () => assert.equal(String(await redis.get('kept')), '1'));
    await until(async () => {
      await redis.publish('news', 'told');
      assert.ok(heard.includes('told'));
    });
  });

  test('a master that was made a replica is left for the one that can be written to', async () => {
    const first = await serve();
    const second = await serve();
    const sentinel = stack.use(
      await startRedisSentinel({ signal, master: { name: MASTER, port: first.port } }),
    );
    const { password } = first;
    const server = {
      type: 'sentinels',
      sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
      ...{ master: MASTER, password: sentinel.password },
    } as const;
    const redis = connect({ server, password });
    await until(() => redis.set('a', Buffer.from('1'), 60_000));
    const { Redis } = await import('ioredis');
    const call = async (port: number, ...words: readonly [string, ...string[]]) => {
      const raw = new Redis({ port, password });
      await raw.call(...words);
      raw.disconnect();
    };
    await call(sentinel.port, 'SENTINEL', 'REMOVE', MASTER);
    await call(sentinel.port, 'SENTINEL', 'MONITOR', MASTER, '127.0.0.1', `${second.port}`, '1');
    await call(sentinel.port, 'SENTINEL', 'SET', MASTER, 'auth-pass', password);
    await call(first.port, 'REPLICAOF', '127.0.0.1', `${second.port}`);
    await until(() => redis.set('b', Buffer.from('2'), 60_000));
    const direct = connect({ server: at(second), password });
    await until(async () => assert.equal(String(await direct.get('b')), '2'));
  });

  test('a connection that is lost while it subscribes again harms nobody, and the next one hears', async () => {
    const server = await serve();
    const { password } = server;
    // Of the connections that subscribe, the second is cut when it asks to.
    let subscribing = 0;
    const sockets = new Set<Socket>();
    const between = createServer((client) => {
      const behind = createConnection({ host: '127.0.0.1', port: server.port });
      for (const socket of [client, behind]) {
        sockets.add(socket);
        socket.on('error', () => {}); // cut on purpose
      }
      client.on('data', (chunk) => {
        const isAsking = /\r\nsubscribe\r\n/i.test(String(chunk));
        if (isAsking) subscribing += 1;
        if (isAsking && subscribing === 2 && client.destroy()) behind.destroy();
        else behind.write(chunk);
      });
      behind.pipe(client);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    stack.defer(() => {
      for (const socket of sockets) socket.destroy();
      between.close();
    });
    const { port } = between.address() as AddressInfo;
    const one = connect({ server: { type: 'address', host: '127.0.0.1', port }, password });
    const heard: string[] = [];
    one.subscribe('news', (message) => void heard.push(message));
    const isHeard = async () => {
      await one.publish('news', 'told');
      assert.notEqual(heard.length, 0);
    };
    await until(isHeard);
    for (const socket of sockets) socket.destroy();
    heard.length = 0;
    // What was still on its way over the lost connection does not count.
    await until(async () => assert.ok(subscribing >= 3, String(subscribing)));
    heard.length = 0;
    await until(isHeard);
  });

  test('every command is counted with its time, and whether it failed', async () => {
    const told: string[] = [];
    const times: number[] = [];
    const metrics: Metrics = {
      ...silentMetrics,
      count: (name, { initiator, command, failed }) =>
        void told.push([name, initiator, command, failed].join(' ')),
      observe(name, { initiator, hostname }, seconds) {
        assert.equal(name, 'argocd_redis_request_duration');
        assert.equal(initiator, 'tiphys');
        assert.ok(hostname !== undefined && hostname !== '');
        times.push(seconds);
      },
    };
    const server = await serve();
    const redis = connect({ server: at(server), password: server.password }, metrics);
    await until(() => redis.get('a'));
    told.splice(0);
    times.splice(0);
    await redis.set('a', Buffer.from('1'), 1_000);
    await redis.delete('a');
    await server.stop();
    await assert.rejects(redis.publish('news', 'lost'));
    const name = 'argocd_redis_request_total tiphys';
    assert.deepEqual(told, [`${name} set false`, `${name} del false`, `${name} publish true`]);
    assert.equal(times.length, 3);
    assert.ok(times.every((seconds) => seconds >= 0));
  });
});
