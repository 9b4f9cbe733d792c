import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { createVirtualClock, systemClock } from '../runtime/clock.ts';
import { connectionFromClusterSecret } from './cluster-secret.ts';
import type { KubeConnection } from './connection.ts';
import { createKubeClient } from './kube-client.ts';
import { connectionFromKubeconfig, connectionInCluster } from './kubeconfig.ts';
import { createLeaseLock } from './lease-lock.ts';
import { type RealApiServer, startRealApiServer } from './testing/real-api-server.ts';

const never = new AbortController().signal;

function clusterSecret(server: string, config: unknown): KubeObject {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'target', namespace: 'argocd' },
    data: {
      name: encode('target'),
      server: encode(server),
      config: encode(typeof config === 'string' ? config : JSON.stringify(config)),
    },
  };
}

describe('connections to a real API server', () => {
  let api: RealApiServer;
  let folder: string;

  before(async () => {
    [api, folder] = await Promise.all([
      startRealApiServer(),
      mkdtemp(join(tmpdir(), 'tiphys-connection-')),
    ]);
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** Resolves when the connection may read what only an admin may. */
  async function proves(connection: KubeConnection): Promise<void> {
    await using client = createKubeClient({ connection, clock: systemClock, random: Math.random });
    const catalogue = await client.discover(never);
    const resource = catalogue.findKind({ group: '', kind: 'Secret' });
    assert.ok(resource);
    assert.equal(
      await client.get({ resource, namespace: 'default', name: 'none' }, never),
      undefined,
    );
  }

  async function kubeconfig(name: string, user: object): Promise<string> {
    const path = join(folder, name);
    await writeFile(
      path,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'main',
        clusters: [
          {
            name: 'main',
            cluster: {
              server: api.server,
              'certificate-authority-data': Buffer.from(api.ca).toString('base64'),
            },
          },
        ],
        users: [{ name: 'me', user }],
        contexts: [{ name: 'main', context: { cluster: 'main', user: 'me' } }],
      }),
    );
    return path;
  }

  test('a kubeconfig with a token', async () => {
    const path = await kubeconfig('token', { token: api.adminToken });
    await proves(await connectionFromKubeconfig({ path, clock: systemClock }));
    await assert.rejects(
      connectionFromKubeconfig({ path, context: 'other', clock: systemClock }),
      (error) => hasCode(error, 'InvalidConfig') && error.message.includes('"other"'),
    );
    await assert.rejects(
      connectionFromKubeconfig({ path: join(folder, 'absent'), clock: systemClock }),
      (error) => hasCode(error, 'InvalidConfig'),
    );
  });

  test('a kubeconfig with an exec plugin, whose stale token is replaced after a 401', async () => {
    const answer = join(folder, 'credential.json');
    const credential = (token: string) =>
      writeFile(
        answer,
        JSON.stringify({
          apiVersion: 'client.authentication.k8s.io/v1',
          kind: 'ExecCredential',
          status: { token },
        }),
      );
    const path = await kubeconfig('exec', {
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'cat', args: [answer] },
    });
    await credential('stale');
    const connection = await connectionFromKubeconfig({ path, clock: systemClock });
    assert.equal(await connection.authorization?.(), 'Bearer stale');
    await credential(api.adminToken);
    await proves(connection);
  });

  test('a program that fails to give credentials is KubeUnauthorized', async () => {
    const path = await kubeconfig('broken', {
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'false' },
    });
    const connection = await connectionFromKubeconfig({ path, clock: systemClock });
    await using client = createKubeClient({ connection, clock: systemClock, random: Math.random });
    await assert.rejects(
      client.version(never),
      (error) => error instanceof TiphysError && /KubeUn/.test(error.code),
    );
  });

  test('the service account of a Pod, whose token is read again', async () => {
    await writeFile(join(folder, 'ca.crt'), api.ca);
    await writeFile(join(folder, 'token'), `${api.nobodyToken}\n`);
    const clock = createVirtualClock();
    const connection = await connectionInCluster({
      host: '127.0.0.1',
      port: String(api.port),
      folder,
      clock,
    });
    await assert.rejects(proves(connection), (error) => hasCode(error, 'KubeForbidden'));
    await writeFile(join(folder, 'token'), api.adminToken);
    await clock.advance(61_000);
    await proves(connection);
    await assert.rejects(
      connectionInCluster({ host: 'x', port: '1', folder: join(folder, 'none'), clock }),
      (error) => hasCode(error, 'InvalidConfig'),
    );
  });

  test('a cluster secret with a token and a CA, and one without check of the certificate', async () => {
    const caData = Buffer.from(api.ca).toString('base64');
    const bearerToken = api.adminToken;
    const secrets = [
      clusterSecret(`${api.server}/`, { bearerToken, tlsClientConfig: { caData } }),
      clusterSecret(api.server, { bearerToken, tlsClientConfig: { insecure: true } }),
      clusterSecret(api.server, {
        bearerToken,
        tlsClientConfig: { caData, serverName: 'kubernetes.default.svc' },
      }),
      clusterSecret(api.server, {
        tlsClientConfig: { caData },
        execProviderConfig: {
          command: 'printenv',
          args: ['CREDENTIAL'],
          env: { CREDENTIAL: JSON.stringify({ status: { token: bearerToken } }) },
          apiVersion: 'client.authentication.k8s.io/v1',
        },
      }),
    ];
    for (const secret of secrets) await proves(connectionFromClusterSecret(secret));
    await assert.rejects(
      proves(connectionFromClusterSecret(clusterSecret(api.server, { bearerToken }))),
      (error) => hasCode(error, 'KubeUnreachable') && error.hint.includes('CA'),
    );
  });

  test('a lease is created, guarded, and read back', async () => {
    await using client = createKubeClient({
      connection: api.connection(),
      clock: systemClock,
      random: Math.random,
    });
    const lock = createLeaseLock({ client, namespace: 'default', name: 'leader' });
    const record = {
      holder: 'one',
      durationMs: 15_000,
      acquiredAtMs: 1_700_000_000_123,
      renewedAtMs: 1_700_000_000_456,
      transitions: 0,
    };
    assert.equal(await lock.get(never), undefined);
    const stored = await lock.update(record, undefined, never);
    assert.ok(stored);
    const { version, ...read } = stored;
    assert.deepEqual(read, record);
    assert.equal(await lock.update(record, undefined, never), undefined);
    const renewed = await lock.update({ ...record, holder: 'two' }, version, never);
    assert.equal(renewed?.holder, 'two');
    assert.equal(await lock.update(record, version, never), undefined);
    const released = await lock.update({ ...record, holder: '' }, renewed?.version, never);
    assert.equal(released?.holder, '');
  });
});

test('a cluster secret that cannot be used is refused without quoting its values', () => {
  const cases: readonly (readonly [KubeObject, RegExp])[] = [
    [clusterSecret('not a url', {}), /"server" is not a URL/],
    [clusterSecret('https://x', '{"bearerToken": "hunter2"'), /"config" is not JSON/],
    [clusterSecret('https://x', { bearerToken: { hunter2: 1 } }), /wrong type at bearerToken/],
    [clusterSecret('https://x', { awsAuthConfig: { clusterName: 'hunter2' } }), /awsAuthConfig/],
  ];
  for (const [secret, pattern] of cases) {
    assert.throws(
      () => connectionFromClusterSecret(secret),
      (error) => {
        assert.ok(hasCode(error, 'InvalidConfig'));
        assert.match(error.message, pattern);
        assert.match(error.message, /^Secret\/argocd\/target: /);
        assert.doesNotMatch(`${error.message} ${error.hint} ${String(error.cause)}`, /hunter2/);
        return true;
      },
    );
  }
});

test('a proxy of an unknown scheme is refused without its password', () => {
  assert.throws(
    () =>
      createKubeClient({
        connection: { server: 'https://x', proxyUrl: 'socks5://user:hunter2@proxy' },
        clock: systemClock,
        random: Math.random,
      }),
    (error) =>
      hasCode(error, 'InvalidConfig') &&
      /socks5/.test(error.message) &&
      !/hunter2/.test(error.message),
  );
});
