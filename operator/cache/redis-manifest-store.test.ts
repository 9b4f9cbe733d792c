import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { type RedisServer, startRedisServer } from '../../e2e/controlplane/redis-server.ts';
import type { RenderName } from '../ports/manifest-store.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLogger, silentMetrics } from '../telemetry/silent.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import {
  createRedisManifestStore,
  type RedisManifestStoreOptions,
} from './redis-manifest-store.ts';

const signal = AbortSignal.timeout(120_000);
const NAME: RenderName = {
  key: 'parameters',
  instance: 'web',
  namespace: 'prod',
  source: { repoURL: 'https://git.example/web.git', path: 'app', targetRevision: 'main' },
  revision: 'a'.repeat(40),
  refs: new Map(),
  kubeVersion: 'v1.36.3',
  apiVersions: ['v1', 'apps/v1'],
};

describe('renders in Redis', () => {
  let server: RedisServer;
  let client: Redis;
  let redis: RedisConnection;
  let counted: string[];
  let warnings: string[];
  const counting: Metrics = {
    ...silentMetrics,
    count: (name, labels) => void counted.push(`${name} ${Object.values(labels).join(' ')}`),
  };
  before(async () => {
    server = await startRedisServer({ signal });
    const { port, password } = server;
    client = new Redis({ host: '127.0.0.1', port, password });
    client.on('error', () => {}); // it goes on when the server is back
    redis = connectRedis(
      {
        server: { type: 'address', host: '127.0.0.1', port },
        password,
        db: 0,
        commandTimeoutMs: 500,
      },
      { clock: systemClock, metrics: counting },
    );
  });
  after(async () => {
    client.disconnect();
    await redis[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    counted = [];
    warnings = [];
    await client.flushall();
    await eventually(() => redis.get('anything').then(() => true));
  });

  function open(options: Partial<RedisManifestStoreOptions> = {}) {
    const logger: Logger = { ...silentLogger, warn: (_fields, text) => void warnings.push(text) };
    return createRedisManifestStore({
      redis,
      maxAgeMs: 60_000,
      signingKey: () => 'the secret key of the server',
      prefix: '',
      compress: true,
      tracking: {
        method: 'annotation',
        labelKey: 'app.kubernetes.io/instance',
        installationId: undefined,
      },
      logger,
      metrics: counting,
      ...options,
    });
  }

  const plain = { secret: false };
  const onlyKey = async () => {
    const keys = await client.keys('*');
    assert.equal(keys.length, 1, keys.join(', '));
    return keys[0] ?? '';
  };

  test('are found by another instance, under the documented key, until they are too old', async () => {
    await open().save(NAME, 'the render', plain, signal);
    assert.equal(await open().load(NAME, signal), 'the render');
    const key = await onlyKey();
    const { revision } = NAME;
    const shape = new RegExp(
      String.raw`^mfst\|annotation:app\.kubernetes\.io/instance\|web\|${revision}\|prod\|\d+\|1\.8\.3\.gz$`,
    );
    assert.match(key, shape);
    const ttl = await client.pttl(key);
    assert.ok(ttl > 0 && ttl <= 60_000, `${ttl} ms`);
    const value = await client.getBuffer(key);
    assert.match(gunzipSync(value ?? '').toString('utf8'), /the render/);
  });

  test('the key says what it says for Argo CD', async () => {
    const tracking = { method: 'label', labelKey: 'team', installationId: 'blue' };
    await open({ tracking, prefix: 'p:', compress: false }).save(NAME, 'x', plain, signal);
    assert.match(await onlyKey(), /^p:mfst\|team\|web\|a{40}\|prod\|\d+\|blue\|1\.8\.3$/);
  });

  const others: readonly [string, Partial<RenderName>, 'same' | 'other'][] = [
    [
      'a branch of another name at the same commit',
      { source: { ...NAME.source, targetRevision: 'x' } },
      'same',
    ],
    ['another commit', { revision: 'b'.repeat(40) }, 'other'],
    ['another path', { source: { ...NAME.source, path: 'elsewhere' } }, 'other'],
    ['another cluster', { kubeVersion: 'v1.35.0' }, 'other'],
    ['API versions in another order', { apiVersions: ['apps/v1', 'v1'] }, 'same'],
    ['more API versions', { apiVersions: ['apps/v1', 'batch/v1', 'v1'] }, 'other'],
    [
      'a ref at some commit',
      { refs: new Map([['values', { repoUrl: 'u', revision: 'c' }]]) },
      'other',
    ],
  ];
  for (const [what, change, expected] of others)
    test(`${what} is the ${expected} entry`, async () => {
      await open().save(NAME, 'the render', plain, signal);
      const found = await open().load({ ...NAME, ...change }, signal);
      assert.equal(found, expected === 'same' ? 'the render' : undefined);
    });

  test('a render with a Secret is not put there, and none without a key to sign with', async () => {
    await open().save(NAME, 'password', { secret: true }, signal);
    await open({ signingKey: () => undefined }).save(NAME, 'unsigned', plain, signal);
    assert.deepEqual(await client.keys('*'), []);
  });

  test('other settings under the same key are a miss, and take its place', async () => {
    await open().save(NAME, 'the render', plain, signal);
    const other = { ...NAME, key: 'other parameters' };
    assert.equal(await open().load(other, signal), undefined);
    assert.deepEqual(
      counted.filter((one) => one.includes('damaged')),
      [],
    );
    await open().save(other, 'of the others', plain, signal);
    assert.equal(await open().load(other, signal), 'of the others');
    assert.equal((await client.keys('*')).length, 1);
  });

  const forgeries: readonly [string, (value: Buffer) => Buffer][] = [
    ['nothing', () => Buffer.alloc(0)],
    ['no gzip', () => Buffer.from('{"tiphys":1}')],
    [
      'another render',
      (value) => gzipSync(gunzipSync(value).toString('utf8').replace('the render', 'an evil one')),
    ],
    ['no signature', () => gzipSync(JSON.stringify({ tiphys: 1, render: 'an evil one' }))],
    ['what Argo CD wrote', () => gzipSync(JSON.stringify({ manifestResponse: { manifests: [] } }))],
    ['no JSON', () => gzipSync('hello')],
  ];
  for (const [what, forge] of forgeries)
    test(`what was not written by us is a miss and goes: ${what}`, async () => {
      await open().save(NAME, 'the render', plain, signal);
      const key = await onlyKey();
      await client.set(key, forge((await client.getBuffer(key)) ?? Buffer.alloc(0)));
      assert.equal(await open().load(NAME, signal), undefined);
      assert.deepEqual(await client.keys('*'), []);
      assert.ok(counted.includes('tiphys_cache_errors_total redis damaged'));
    });

  test('an entry under the key of another is a miss', async () => {
    await open().save(NAME, 'the render', plain, signal);
    const other = { ...NAME, instance: 'other' };
    const value = await client.getBuffer(await onlyKey());
    await open().save(other, 'of the other', plain, signal);
    const key = (await client.keys('*other*'))[0] ?? assert.fail('no key');
    await client.set(key, value ?? '');
    assert.equal(await open().load(other, signal), undefined);
  });

  test('a Redis that is down or silent is a miss, told once, and used again when it is back', async () => {
    const store = open();
    await server.stop();
    for (const _time of [1, 2, 3]) {
      await store.save(NAME, 'the render', plain, signal);
      assert.equal(await store.load(NAME, signal), undefined);
    }
    assert.equal(warnings.length, 1, warnings.join('\n'));
    const failed = (command: string) =>
      counted.filter((one) => one.endsWith(` tiphys ${command} true`)).length;
    assert.deepEqual([failed('set'), failed('get')], [3, 3]);
    await server.start();
    await eventually(() => redis.get('anything').then(() => true));
    server.freeze();
    assert.equal(await store.load(NAME, signal), undefined);
    server.thaw();
    await eventually(async () => {
      await store.save(NAME, 'the render', plain, signal);
      return (await store.load(NAME, signal)) === 'the render';
    });
  });

  test('a password that is wrong is a miss', async () => {
    const { port } = server;
    await using wrong = connectRedis(
      { server: { type: 'address', host: '127.0.0.1', port }, password: 'guessed', db: 0 },
      { clock: systemClock, metrics: silentMetrics },
    );
    assert.equal(await open({ redis: wrong }).load(NAME, signal), undefined);
    assert.ok(!warnings.join().includes('guessed'));
  });
});

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 30_000;
  while (!(await isSo().catch(() => false))) {
    assert.ok(Date.now() < until, 'not within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
