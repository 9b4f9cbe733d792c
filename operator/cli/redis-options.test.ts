import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClientAuthority } from '../../e2e/controlplane/certificates.ts';
import { parseConfig } from '../config/parse-config.ts';
import { hasCode } from '../core/errors.ts';
import { redisOptions } from './redis-options.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tiphys-redis-options-'));
});
after(() => rm(dir, { recursive: true }));

async function options(argv: readonly string[], env: Record<string, string> = {}) {
  const parsed = parseConfig({ argv, env });
  assert.ok(parsed.type === 'ok', JSON.stringify(parsed));
  return await redisOptions(parsed.config, { env });
}

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

test('no Redis, unless an address or a Sentinel is named', async () => {
  assert.equal(await options([]), undefined);
  assert.equal(await options(['--redis-tls', '--redis-db=3']), undefined);
});

test('host, port and who signs in', async () => {
  const env = { REDIS_PASSWORD: 'p', REDIS_USERNAME: '' };
  assert.deepEqual(await options(['--redis=redis:6380'], env), {
    server: { type: 'address', host: 'redis', port: 6380 },
    ...{ db: 0, password: 'p', keyPrefix: '', compress: true },
  });
  const other = await options(['--redis=[::1]', '--redis-tls', '--redis-compression=none']);
  assert.deepEqual(other, {
    server: { type: 'address', host: '::1', port: 6379 },
    ...{ db: 0, tls: {}, keyPrefix: '', compress: false },
  });
});

test('Sentinels go before an address, and have a user of their own', async () => {
  const found = await options(
    ['--redis-sentinels=a, b:1,[::1]:2', '--redis-sentinel-master=shop', '--redis-db=1'],
    {
      REDIS_SERVER: 'argocd-redis:6379',
      REDIS_PASSWORD: 'of the server',
      REDIS_SENTINEL_USERNAME: 'jane',
      REDIS_SENTINEL_PASSWORD: 'of the sentinel',
    },
  );
  assert.deepEqual(found, {
    server: {
      type: 'sentinels',
      sentinels: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 1 },
        { host: '::1', port: 2 },
      ],
      ...{ master: 'shop', username: 'jane', password: 'of the sentinel' },
    },
    ...{ db: 1, password: 'of the server', keyPrefix: '', compress: true },
  });
});

test('nodes of a cluster stand where one server would', async () => {
  const found = await options(['--redis-cluster=a, b:1,[::1]:2', '--redis-key-prefix=team:'], {
    REDIS_PASSWORD: 'p',
    REDIS_USERNAME: 'jane',
  });
  assert.deepEqual(found, {
    server: {
      type: 'cluster',
      nodes: [
        { host: 'a', port: 6379 },
        { host: 'b', port: 1 },
        { host: '::1', port: 2 },
      ],
    },
    ...{ db: 0, username: 'jane', password: 'p', keyPrefix: 'team:', compress: true },
  });
  const env = { TIPHYS_REDIS_CLUSTER: 'c:7000' };
  assert.deepEqual((await options([], env))?.server, {
    type: 'cluster',
    nodes: [{ host: 'c', port: 7000 }],
  });
});

test('certificates are read from their files, and read anew', async () => {
  const authority = createClientAuthority();
  const { certificate, key } = authority.issue('tiphys', []);
  const found = await options([
    ...['--redis=r', '--redis-tls', '--redis-insecure-skip-tls-verify'],
    `--redis-ca-certificate=${await file('ca.pem', authority.certificate)}`,
    `--redis-client-certificate=${await file('cert.pem', certificate)}`,
    `--redis-client-key=${await file('key.pem', key)}`,
  ]);
  const tls = found?.tls;
  assert.ok(typeof tls === 'function');
  const first = { ca: authority.certificate, client: { cert: certificate, key }, insecure: true };
  assert.deepEqual(tls(), first);
  const next = authority.issue('tiphys', []);
  await file('cert.pem', next.certificate);
  assert.deepEqual(tls(), first, 'while only one of two is there, the former pair is used');
  await file('key.pem', next.key);
  const second = { ...first, client: { cert: next.certificate, key: next.key } };
  assert.deepEqual(tls(), second);
  await rm(join(dir, 'ca.pem'));
  assert.deepEqual(tls(), second, 'what is gone is as it was');
});

test('what cannot be meant is refused, and said by the name of its flag', async () => {
  const one = createClientAuthority().issue('one', []);
  const other = createClientAuthority().issue('other', []);
  const cert = `--redis-client-certificate=${await file('one.pem', one.certificate)}`;
  const key = `--redis-client-key=${await file('other.key', other.key)}`;
  const tls = ['--redis=r', '--redis-tls'];
  for (const [argv, message] of [
    [['--redis=redis://x'], /^--redis: "redis:\/\/x" is no HOST/],
    [['--redis=a:b'], /^--redis: "a:b" is no HOST/],
    [['--redis=a b'], /^--redis: "a b" is no HOST/],
    [['--redis-sentinels=a,b/c'], /^--redis-sentinels: "b\/c" is no HOST/],
    [['--redis-cluster=a,redis://b'], /^--redis-cluster: "redis:\/\/b" is no HOST/],
    [[...tls, '--redis-ca-certificate=/nowhere/ca.pem'], /^--redis-ca-certificate: .*nowhere/],
    [[...tls, `--redis-ca-certificate=${await file('x', 'hello')}`], /holds no certificate/],
    [[...tls, cert], /--redis-client-key: one needs the other/],
    [[...tls, key], /--redis-client-key: one needs the other/],
    [[...tls, cert, key], /^--redis-client-certificate, --redis-client-key.*: .*mismatch/],
    [['--redis=r', cert], /^--redis-client-certificate: means nothing without --redis-tls/],
    [
      ['--redis=r', '--redis-insecure-skip-tls-verify'],
      /^--redis-insecure-skip-tls-verify: means nothing without/,
    ],
  ] as const)
    await assert.rejects(options(argv), (error) => {
      assert.ok(hasCode(error, 'InvalidConfig'), String(error));
      assert.match(error.message, message);
      return true;
    });
});
