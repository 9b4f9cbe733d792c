import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import assert from 'node:assert/strict';
import { type RedisServer, startRedisServer } from '../controlplane/redis-server.ts';
import { eventually, type Expectation, met, pending } from '../language/expectation.ts';
import { type FrontReader, readFrontSide } from '../language/front-side.ts';
import { startWorld, type World } from '../language/world.ts';
import { describeOperations } from './front-side/operations.ts';
import { describeRows } from './front-side/rows.ts';
import { configMap, deployment, hangingHook } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const SYNC_REASON =
  '/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/resources/items/properties/syncReason';

const SERVER = 'https://kubernetes.default.svc';
const CANARY = 'canary-that-nobody-may-see';
const PREFIX = 'team:';

// The API server, page and CLI of Argo CD stay in front. Their CRD has no status subresource, and they
// write status by ordinary updates; what they show they read from Redis.
describe('the front side of Argo CD', () => {
  let plane: ControlPlane;
  let world: World;
  let redis: RedisServer;
  let front: FrontReader;
  before(async () => {
    plane = await startControlPlane({ signal });
    world = await startWorld({ signal, cluster: plane, operator: false });
    await world.kubectl([
      'patch',
      'crd',
      'applications.argoproj.io',
      '--type=json',
      // Nor does it know what is our own addition, and the API server drops it.
      `--patch=${JSON.stringify([
        { op: 'remove', path: '/spec/versions/0/subresources' },
        { op: 'remove', path: SYNC_REASON },
      ])}`,
    ]);
    redis = await startRedisServer({ signal, open: true });
    front = await readFrontSide(redis.port, PREFIX);
    started();
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await front[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  function started(...further: readonly string[]): void {
    const options = [`--redis=127.0.0.1:${redis.port}`, `--redis-key-prefix=${PREFIX}`];
    world.startOperator([...options, '--application-namespaces=front-*', ...further]);
  }

  const patched = (name: string, patch: object) => () =>
    world.kubectl([
      'patch',
      'application',
      name,
      `--namespace=${world.namespace}`,
      '--type=merge',
      `--patch=${JSON.stringify(patch)}`,
    ]);

  test('status is written into the object, and commits are followed', async () => {
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('plain', { repoURL: world.git.urlOf('apps'), syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    // That there is no connection in the first milliseconds is no trouble.
    assert.doesNotMatch(await world.operatorLog(), /cannot be told what is new/);
    const commit = await world.git.commit('apps', { files: { 'a.yaml': configMap('a', 'two') } });
    await world.when(app.refreshed());
    await world.thenEventually(
      app.isSynced(commit),
      world.object('configmaps', 'a', app.name).has('data.value', 'two'),
    );
  });

  test('what that CRD does not know is left out of status, not written again and again', async () => {
    await world.given(world.repository('drift', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('drift', { repoURL: world.git.urlOf('drift') });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync(), app.hasHealth('Missing'));
    const version = async () => (await app.read(signal))?.metadata.resourceVersion;
    await world.when(app.refreshed());
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('metadata.annotations', undefined),
    );
    const before = await version();
    await world.kubectl.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: app.name },
    });
    await world.kubectl.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'unrelated',
        namespace: app.name,
        annotations: {
          'argocd.argoproj.io/tracking-id': `${app.name}:/ConfigMap:${app.name}/unrelated`,
        },
      },
    });
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('status.resources.1.name', 'unrelated'),
    );
    const listed = await version();
    assert.notEqual(listed, before);
    await world.kubectl(['label', 'configmap', 'unrelated', '-n', app.name, 'looked=at']);
    await world.thenConsistently(2_000, async () =>
      (await version()) === listed
        ? { type: 'met', seen: 'unchanged' }
        : { type: 'violated', seen: 'the status was written although nothing changed' },
    );
    // A write that the API server reduces to nothing shows nowhere else.
    assert.match(await world.operatorLog(), /does not know syncReason/);
  });

  test('an operation is terminated by an ordinary update of its phase', async () => {
    const hanging = hangingHook('hang', 'PreSync');
    await world.given(world.repository('hanging', { 'hang.yaml': hanging }));
    const app = world.application('hanging', {
      repoURL: world.git.urlOf('hanging'),
      syncPolicy: { syncOptions: ['CreateNamespace=true'] },
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    await world.when(app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('status.operationState.message', 'waiting for completion of hook batch/Job/hang'),
    );
    await world.when(patched(app.name, { status: { operationState: { phase: 'Terminating' } } }));
    await world.thenEventually(app.operationFailed(/Operation terminated/));
  });

  /** What is in Redis becomes so. */
  const shows = (what: string, look: () => Promise<boolean>): Expectation => {
    return async () => ((await look()) ? met(what) : pending(`not yet: ${what}`));
  };

  test('finds the objects of an application desired and live, Secrets masked, and the tree', async () => {
    const secret = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\nstringData:\n  password: ${CANARY}\n`;
    const files = {
      'web.yaml': deployment('web'),
      'a.yaml': configMap('a', 'one'),
      's.yaml': secret,
    };
    await world.given(world.repository('shown', files));
    const app = world.application('shown', { repoURL: world.git.urlOf('shown'), syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.thenEventually(
      shows('a tree with a Pod that is Healthy', async () => {
        const { nodes = [] } = (await front.tree(app.name)) ?? {};
        return nodes.some(({ kind, health }) => kind === 'Pod' && health?.status === 'Healthy');
      }),
    );
    const tree = await front.tree(app.name);
    assert.equal(tree?.shardsCount, 1);
    assert.deepEqual(
      tree.hosts?.map(({ name }) => name),
      ['node-1'],
    );
    const managed = (await front.managed(app.name)) ?? [];
    assert.deepEqual(
      managed.map(({ group = '', kind }) => `${String(group)}/${String(kind)}`),
      ['/ConfigMap', '/Secret', 'apps/Deployment'],
    );
    for (const resource of managed)
      for (const state of ['targetState', 'liveState', 'normalizedLiveState', 'predictedLiveState'])
        assert.equal(typeof JSON.parse(String(resource[state])), 'object');
    const text = JSON.stringify([managed, tree]);
    assert.ok(!text.includes(CANARY) && !text.includes(btoa(CANARY)), 'a leak');
    for (const name of ['managed-resources', 'resources-tree']) {
      const ttlMs = await front.ttlOf(`app|${name}|${app.name}`);
      assert.ok(ttlMs > 3_000_000 && ttlMs <= 3_600_000, String(ttlMs));
    }
    // The message comes after the entries that it is about.
    await world.thenEventually(
      shows('that who watches the tree was woken', async () => front.wakeUps(app.name) > 0),
    );
    const before = front.wakeUps(app.name);
    await world.when(app.patched({ spec: { syncPolicy: null } }));
    await world.pushed('shown', { files: { 'a.yaml': configMap('a', 'two') } })();
    await world.when(app.refreshed());
    await world.thenEventually(
      shows('what differs', async () => {
        const found = (await front.managed(app.name))?.find(({ kind }) => kind === 'ConfigMap');
        const predicted = String(found?.['predictedLiveState']);
        return found?.['modified'] === true && predicted.includes('"two"');
      }),
    );
    assert.ok(front.wakeUps(app.name) > before);
  });

  test('asks for a refresh when it finds no tree, and has one as soon as that is answered', async () => {
    const name = world.name('shown');
    await eventually(
      shows('a tree', async () => (await front.tree(name)) !== undefined),
      {
        withinMs: 10_000,
        signal,
      },
    );
    for (const type of ['normal', 'hard']) {
      await front.forget(name);
      const patch = { metadata: { annotations: { 'argocd.argoproj.io/refresh': type } } };
      await world.when(patched(name, patch));
      await world.thenEventually(
        world
          .object('applications.argoproj.io', name, world.namespace)
          .has('metadata.annotations', undefined),
      );
      assert.notEqual(await front.tree(name), undefined, 'before the request is taken away');
      assert.notEqual(await front.managed(name), undefined);
    }
  });

  test('finds an empty tree where nothing could be compared', async () => {
    const app = world.application('broken', { repoURL: world.git.urlOf('no-such-repository') });
    await world.when(app.created());
    await world.thenEventually(
      shows('an empty tree', async () => (await front.tree(app.name)) !== undefined),
    );
    await front.forget(app.name);
    await world.when(app.refreshed());
    await world.thenEventually(
      app.hasCondition('ComparisonError'),
      shows('an empty list', async () => (await front.managed(app.name))?.length === 0),
    );
    await world.when(app.deleted());
  });

  test('starts a sync and a rollback by writing an operation, and deletes with finalizers', async () => {
    const name = world.name('shown');
    const app = world.application('shown', { repoURL: world.git.urlOf('shown') });
    const first = (await app.read(signal))?.['status'] as { history: { revision: string }[] };
    await world.when(app.synced());
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    const revision = first.history[0]?.revision ?? '';
    await world.when(app.synced({ revision }));
    await world.thenEventually(
      world.object('configmaps', 'a', name).has('data.value', 'one'),
      app.operationSucceeded(),
    );
    const finalizers = ['resources-finalizer.argocd.argoproj.io'];
    await world.when(app.patched({ metadata: { finalizers } }), app.deleted());
    await world.thenEventually(app.isAbsent(), world.object('configmaps', 'a', name).isAbsent());
  });

  test('is told how the cluster is, again and again', async () => {
    const app = world.application('plain', { repoURL: world.git.urlOf('apps') });
    await world.thenEventually(app.isSynced());
    await world.thenEventually(
      shows('a cluster with applications', async () => {
        const info = await front.cluster(SERVER);
        return (info?.['applicationsCount'] as number) > 0;
      }),
    );
    const info = (await front.cluster(SERVER)) as {
      connectionState: { status: string; message: string; attemptedAt: string };
      serverVersion: string;
      cacheInfo: { resourcesCount: number; apisCount: number; lastCacheSyncTime: string };
      apiVersions: string[];
    };
    assert.deepEqual(
      [info.connectionState.status, info.connectionState.message],
      ['Successful', ''],
    );
    assert.match(info.connectionState.attemptedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.match(info.serverVersion, /^1\.\d+$/);
    assert.ok(info.cacheInfo.resourcesCount > 0 && info.cacheInfo.apisCount > 0);
    assert.match(info.cacheInfo.lastCacheSyncTime, /Z$/);
    assert.ok(info.apiVersions.includes('apps/v1'));
    const ttlMs = await front.ttlOf(`cluster|info|${SERVER}`);
    assert.ok(ttlMs > 500_000 && ttlMs <= 600_000, String(ttlMs));
    const written = info.connectionState.attemptedAt;
    await world.thenEventually(
      shows('a newer state', async () => {
        const now = (await front.cluster(SERVER)) as typeof info;
        return now.connectionState.attemptedAt > written;
      }),
    );
  });

  describeOperations(() => world, signal);

  describeRows(
    () => ({
      ...{ world, front },
      async restarted(...further) {
        await world.stopOperator();
        started(...further);
      },
    }),
    signal,
  );

  test('an Application that only a lax schema lets through fails alone, with its fields, until it is corrected', async () => {
    const lax = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const spec = '/spec/versions/0/schema/openAPIV3Schema/properties/spec';
    await world.kubectl([
      'patch',
      'crd',
      'applications.argoproj.io',
      '--type=json',
      `--patch=${JSON.stringify([{ op: 'replace', path: spec, value: lax }])}`,
    ]);
    await world.given(world.repository('lax', { 'a.yaml': configMap('a', 'one') }));
    const repoURL = world.git.urlOf('lax');
    const broken = world.application('malformed', {
      repoURL,
      syncPolicy: true,
      spec: { project: 5, source: 'apps' },
    });
    const skipped = world.application('malformed-skipped', {
      repoURL,
      annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' },
      spec: { project: 5 },
    });
    const beside = world.application('beside', { repoURL, syncPolicy: true });
    for (const { object: stdin } of [skipped, broken])
      await world.thenEventually(async () => {
        const { exitCode, stderr } = await world.kubectl.try(['apply', '-f', '-'], { stdin });
        return exitCode === 0 ? met('it is stored') : pending(stderr); // once the schema is in effect
      });
    await world.when(beside.created());
    await world.thenEventually(
      broken.hasCondition('InvalidSpecError', /spec\.project: must be text, is 5/),
      broken.hasCondition('InvalidSpecError', /spec\.source: must be a map, is "apps"/),
      broken.hasHealth('Unknown'),
      beside.isSynced(),
      beside.isHealthy(),
      world.object('namespaces', broken.name).isAbsent(),
    );
    const source = { repoURL, path: '.', targetRevision: 'HEAD' };
    await world.when(patched(broken.name, { spec: { project: 'default', source } }));
    await world.thenEventually(broken.isSynced(), broken.isHealthy(), broken.hasNoConditions());
    await world.thenConsistently(
      0,
      world
        .object('applications.argoproj.io', skipped.name, world.namespace)
        .has('status', undefined),
    );
  });

  test('finds everything again after Redis was gone, and no sync waited for it', async () => {
    await redis.stop();
    const app = world.application('plain', { repoURL: world.git.urlOf('apps') });
    const commit = await world.git.commit('apps', { files: { 'a.yaml': configMap('a', 'three') } });
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(commit));
    await redis.start();
    await world.thenEventually(
      shows('a tree', async () => (await front.tree(app.name)) !== undefined),
      shows('a cluster', async () => (await front.cluster(SERVER)) !== undefined),
    );
  });
});
