import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { connectionFromClusterSecret } from '../kube/cluster-secret.ts';
import { createKubeClient } from '../kube/kube-client.ts';
import { type RealApiServer, startRealApiServer } from '../kube/testing/real-api-server.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import { systemClock } from '../runtime/clock.ts';
import { createClusters, IN_CLUSTER_SERVER } from './clusters.ts';
import { createConfigStore } from './config-store.ts';
import { isExcludedKind } from './excluded-kinds.ts';
import { createLiveState } from './live-state.ts';
import { silentLogger } from './testing/silent-logger.ts';

const never = new AbortController().signal;

describe('the clusters of a control plane on a real API server', () => {
  let api: RealApiServer;
  let client: KubeClient & AsyncDisposable;

  before(async () => {
    api = await startRealApiServer();
    client = createKubeClient({
      connection: api.connection(),
      clock: systemClock,
      random: Math.random,
    });
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  async function secret(name: string, server: string, config: object, more: object = {}) {
    const resource = (await client.discover(never)).findKind({ group: '', kind: 'Secret' });
    assert.ok(resource);
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name,
        namespace: 'default',
        labels: { 'argocd.argoproj.io/secret-type': 'cluster' },
      },
      stringData: { name, server, config: JSON.stringify(config), ...more },
    };
    const address = { resource, namespace: 'default', name };
    await client.apply(address, object, { fieldManager: 'test', force: true }, never);
    return { remove: () => client.delete(address, {}, never) };
  }

  async function open(stack: AsyncDisposableStack) {
    const shared = { clock: systemClock, random: Math.random, logger: silentLogger };
    const config = stack.use(createConfigStore({ ...shared, client, namespace: 'default' }));
    await config.start(never);
    return stack.use(
      createClusters({
        config,
        inCluster: client,
        connect: (from) =>
          createKubeClient({ connection: connectionFromClusterSecret(from), ...shared }),
        createLive: (destination, scope) =>
          createLiveState({
            ...shared,
            ...scope,
            client: destination,
            instanceOf: () => undefined,
            excluded: (resource) => isExcludedKind(resource, [], []),
            fieldManagers: [],
          }),
        clock: systemClock,
        logger: silentLogger,
        retryMs: 200,
      }),
    );
  }

  const insecure = { tlsClientConfig: { insecure: true } };

  test('its own cluster is there without a secret; others are connected on first use, each failing alone', async () => {
    await using stack = new AsyncDisposableStack();
    await secret(
      'remote',
      `${api.server}/`,
      { ...insecure, bearerToken: api.adminToken },
      { namespaces: 'default, kube-system', project: 'team' },
    );
    await secret('dead', 'https://127.0.0.1:9', { ...insecure, bearerToken: 'x' });
    await secret('broken', 'https://broken.example', { awsAuthConfig: {} });
    const clusters = await open(stack);
    assert.deepEqual(clusters.entries.map(({ name }) => name).sort(), [
      'broken',
      'dead',
      'in-cluster',
      'remote',
    ]);
    assert.equal(clusters.connected(IN_CLUSTER_SERVER), undefined);

    const seen: string[] = [];
    using _ = clusters.onConnected(({ name }) => seen.push(name));
    const [own, again, remote] = await Promise.all([
      clusters.connect(IN_CLUSTER_SERVER, never),
      clusters.connect(IN_CLUSTER_SERVER, never),
      clusters.connect(api.server, never),
    ]);
    assert.equal(own, again);
    assert.equal(clusters.connected(IN_CLUSTER_SERVER), own);
    assert.match(own.version, /^v1/);
    assert.deepEqual(seen.sort(), ['in-cluster', 'remote']);
    assert.deepEqual(remote.namespaces, ['default', 'kube-system']);
    assert.equal(remote.project, 'team');
    assert.equal(remote.live.depthOf({ group: '', kind: 'Namespace' }), undefined);
    assert.equal(remote.live.depthOf({ group: '', kind: 'ConfigMap' }), 'metadata');

    await assert.rejects(clusters.connect('https://127.0.0.1:9', never), (error) =>
      hasCode(error, 'KubeUnreachable'),
    );
    await assert.rejects(clusters.connect('https://broken.example', never), (error) =>
      hasCode(error, 'InvalidConfig'),
    );
    await assert.rejects(clusters.connect('https://nowhere', never), (error) =>
      hasCode(error, 'DestinationUnknown'),
    );
  });

  test('a changed secret makes a new connection, a removed one none', async () => {
    await using stack = new AsyncDisposableStack();
    const target = `${api.server}/`;
    await secret('remote', target, { ...insecure, bearerToken: 'wrong' });
    const clusters = await open(stack);
    await assert.rejects(clusters.connect(api.server, never), (error) =>
      hasCode(error, 'KubeUnauthorized'),
    );
    let changes = 0;
    using _ = clusters.onEntriesChanged(() => {
      changes += 1;
    });
    const registered = await secret('remote', target, { ...insecure, bearerToken: api.adminToken });
    await eventually(() => changes > 0);
    const first = await clusters.connect(api.server, never);
    await secret('remote', target, { ...insecure, bearerToken: api.adminToken, username: '' });
    await eventually(() => clusters.connected(api.server) === undefined);
    assert.notEqual(await clusters.connect(api.server, never), first);
    await registered.remove();
    await eventually(() => clusters.entries.every(({ name }) => name !== 'remote'));
    await assert.rejects(clusters.connect(api.server, never), (error) =>
      hasCode(error, 'DestinationUnknown'),
    );
  });

  test('a secret may name its own cluster without credentials', async () => {
    await using stack = new AsyncDisposableStack();
    const own = await secret('home', IN_CLUSTER_SERVER, { tlsClientConfig: { insecure: false } });
    const clusters = await open(stack);
    const cluster = await clusters.connect(IN_CLUSTER_SERVER, never);
    assert.equal(cluster.name, 'home');
    assert.equal(cluster.client, client);
    await own.remove();
  });
});

async function eventually(holds: () => boolean): Promise<void> {
  const until = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < until, `not so in time: ${holds}`);
    await sleep(20);
  }
}
