import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createClientAuthority, createServerCertificate } from '../controlplane/certificates.ts';
import { type RedisServer, startRedisServer } from '../controlplane/redis-server.ts';
import { progressToStderr } from '../controlplane/tool-cache.ts';
import { resolveTool } from '../controlplane/tools.ts';
import type { TestApplication } from '../language/application.ts';
import { met, pending, type Expectation } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSecret, under } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

/** Renders to something else each time; the Secret stands for what must not be readable. */
const chart = {
  'Chart.yaml': 'apiVersion: v2\nname: dice\nversion: 0.1.0\n',
  'templates/all.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: dice }
data: { value: {{ randAlphaNum 24 | quote }} }
---
apiVersion: v1
kind: Secret
metadata: { name: dice }
stringData: { password: hunter2 }
`,
};

describe('renders are kept on disk', () => {
  let world: World;
  let folder: string;
  let redis: RedisServer;
  const dataDir = () => join(folder, 'data');
  const calls = () => join(folder, 'calls');

  /** A program that writes down how it is called. */
  async function watched(name: string, path: string): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, `#!/bin/sh\necho "${name} $*" >> ${calls()}\nexec ${path} "$@"\n`);
    await chmod(file, 0o755);
    return file;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiphys-kept-'));
    const server = createServerCertificate('127.0.0.1');
    const clients = createClientAuthority();
    const tls = { ...server, clientCa: clients.certificate };
    redis = await startRedisServer({ signal, open: true, tls });
    const client = clients.issue('tiphys', []);
    await writeFile(join(folder, 'ca.pem'), server.certificate);
    await writeFile(join(folder, 'client.pem'), client.certificate);
    await writeFile(join(folder, 'client.key'), client.key);
    const helm = await resolveTool('helm', { env: process.env, log: progressToStderr, signal });
    world = await startWorld({
      signal,
      operator: [
        `--data-dir=${dataDir()}`,
        `--helm=${await watched('helm', helm)}`,
        `--git=${await watched('git', 'git')}`,
      ],
    });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const isServed =
    (app: TestApplication): Expectation =>
    async (stop) => {
      const asked = (await app.read(stop))?.metadata.annotations?.['argocd.argoproj.io/refresh'];
      return asked === undefined ? met('the annotation is gone') : pending(`refresh is ${asked}`);
    };

  const operatorArgs = () => [
    `--data-dir=${dataDir()}`,
    `--helm=${join(folder, 'helm')}`,
    `--git=${join(folder, 'git')}`,
  ];

  const calledSince = async (length: number): Promise<readonly string[]> =>
    (await readFile(calls(), 'utf8')).slice(length).split('\n').filter(Boolean);

  test('after a restart, killed or not, an unchanged chart is rendered by no process', async () => {
    await world.given(world.repository('dice', under('dice', chart)));
    const repoURL = world.git.urlOf('dice');
    const app = world.application('dice', { repoURL, path: 'dice', syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const first = await calledSince(0);
    assert.ok(
      first.some((line) => line.startsWith('helm template')),
      'it was rendered by helm',
    );
    const thrown = world.object('configmaps', 'dice', app.name);
    const data = (await thrown.read(signal))?.['data'] as { value: string } | undefined;

    for (const how of ['SIGKILL', 'SIGTERM'] as const) {
      await world.stopOperator(how);
      const { length } = await readFile(calls(), 'utf8');
      world.startOperator(operatorArgs());
      await world.when(app.refreshed('normal'));
      await world.thenEventually(isServed(app), app.isSynced(), app.isHealthy());
      const called = await calledSince(length);
      assert.deepEqual(
        called.filter((line) => !line.startsWith('git ls-remote')),
        [],
        `after ${how} only the server was asked for its refs`,
      );
      await world.thenConsistently(500, thrown.has('data.value', data?.value));
    }
  });

  test('another instance finds in Redis, over TLS that asks for a certificate, what one has rendered', async () => {
    const { 'templates/all.yaml': all, ...rest } = chart;
    const [open = ''] = all.split('---');
    await world.given(
      world.applied(
        argocdSecret(world.namespace, { 'server.secretkey': 'a key that only we know' }),
      ),
      world.repository('shared', under('dice', { ...rest, 'templates/all.yaml': open })),
    );
    const shared = [
      ...[`--redis=127.0.0.1:${redis.port}`, '--redis-tls'],
      `--redis-ca-certificate=${join(folder, 'ca.pem')}`,
      `--redis-client-certificate=${join(folder, 'client.pem')}`,
      `--redis-client-key=${join(folder, 'client.key')}`,
      `--helm=${join(folder, 'helm')}`,
    ];
    await world.stopOperator();
    world.startOperator([`--data-dir=${join(folder, 'first')}`, ...shared]);
    const repoURL = world.git.urlOf('shared');
    const app = world.application('shared', { repoURL, path: 'dice', syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const thrown = world.object('configmaps', 'dice', app.name);
    const data = (await thrown.read(signal))?.['data'] as { value: string } | undefined;

    await world.stopOperator();
    const { length } = await readFile(calls(), 'utf8');
    world.startOperator([`--data-dir=${join(folder, 'second')}`, ...shared]);
    await world.when(app.refreshed('normal'));
    await world.thenEventually(isServed(app), app.isSynced(), app.isHealthy());
    const rendered = (await calledSince(length)).filter((line) => line.includes(app.name));
    assert.deepEqual(rendered, [], 'by nobody, although its disk is empty');
    await world.thenConsistently(500, thrown.has('data.value', data?.value));
  });

  test('nobody else can read what is kept', async () => {
    const kept = join(dataDir(), 'shared/manifests');
    const names = await readdir(kept, { recursive: true });
    assert.ok(names.length > 1, 'something is kept');
    for (const name of ['', ...names])
      assert.equal((await stat(join(kept, name))).mode & 0o077, 0, name);
    assert.equal((await stat(join(dataDir(), '1'))).mode & 0o077, 0, 'the mirrors');
  });
});
