import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { signIn } from '../language/sign-in.ts';
import type { TestApplication } from '../language/application.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, argocdSettings, configMap, hangingHook } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

interface Seen {
  readonly operation?: {
    readonly sync: object;
    readonly initiatedBy: object;
    readonly info?: object;
  };
  readonly status: {
    readonly operationState?: object;
    readonly history?: readonly { id: number }[];
  };
}

interface Problem {
  readonly code: number;
  readonly message: string;
}

describe('operations over the API', () => {
  let world: World;
  let api: ApiClient;

  /** Everybody may sync in `shop` and `night`, and in `free` also what Git does not say. */
  const policy = `
    p, role:dev, applications, get, */*, allow
    p, role:dev, applications, sync, shop/*, allow
    p, role:dev, applications, sync, night/*, allow
    p, role:dev, applications, sync, free/*, allow
    p, role:dev, applications, override, free/*, allow`;

  before(async () => {
    const operator = ['--api-port=0', '--api-sync-replace-allowed=false'];
    world = await startWorld({ signal, operator });
    api = await apiClient(world, signal);
    const always = { schedule: '* * * * *', duration: '1h', applications: ['*'] };
    const project = (name: string, spec = {}) =>
      appProject(world.namespace, name, {
        clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
        ...spec,
      });
    await world.given(
      world.applied(
        argocdSettings(world.namespace, { 'users.anonymous.enabled': 'true' }),
        {
          ...argocdSettings(world.namespace, {}),
          metadata: {
            name: 'argocd-rbac-cm',
            namespace: world.namespace,
          },
          data: { 'policy.default': 'role:dev', 'policy.csv': policy },
        },
        ...[project('shop'), project('free'), project('other')],
        project('night', { syncWindows: [{ kind: 'deny', ...always }] }),
      ),
      world.repository('shop', {
        'a/a.yaml': configMap('a', 'one'),
        'hangs/hook.yaml': hangingHook('hangs', 'PreSync'),
      }),
    );
  });
  after(() => world[Symbol.asyncDispose]());

  async function created(
    base: string,
    project: string,
    more: object = {},
  ): Promise<TestApplication> {
    const repoURL = world.git.urlOf('shop');
    const syncPolicy = { syncOptions: ['CreateNamespace=true'] };
    const app = world.application(base, { repoURL, path: 'a', project, syncPolicy, ...more });
    await world.given(app.created());
    await eventually(
      async () => {
        const { status, text } = await api.request(`/api/v1/applications/${app.name}`);
        return status === 200 ? met('it is there') : pending(text);
      },
      { withinMs: 30_000, signal },
    );
    return app;
  }

  async function post(app: TestApplication, what: string, body: object = {}): Promise<Seen> {
    const path = `/api/v1/applications/${app.name}/${what}`;
    const { status, json, text } = await api.request(path, { method: 'POST', body });
    assert.equal(status, 200, text);
    return json as Seen;
  }

  async function refused(
    app: TestApplication,
    what: string,
    body?: object,
  ): Promise<[number, string]> {
    const path = `/api/v1/applications/${app.name}/${what}`;
    const { status, json } = await api.request(path, {
      method: what === 'operation' ? 'DELETE' : 'POST',
      body,
    });
    return [status, (json as Problem).message];
  }

  test('a sync is asked for at a commit, and clears what was left of the last one', async () => {
    const app = await created('synced', 'shop');
    const info = [{ name: 'reason', value: 'because' }];
    const retryStrategy = { limit: 2, backoff: { duration: '1s', factor: 2, maxDuration: '1m' } };
    const first = await post(app, 'sync', {
      ...{ infos: info, retryStrategy, prune: true, resources: null, syncOptions: null },
      strategy: { hook: { force: false } },
      project: 'shop',
    });
    const head = await world.git.revision('shop');
    assert.deepEqual(first.operation, {
      sync: {
        revision: head,
        prune: true,
        syncStrategy: { hook: {} },
        syncOptions: ['CreateNamespace=true'],
      },
      initiatedBy: {},
      info,
      retry: retryStrategy,
    });
    await world.thenEventually(app.operationSucceeded(), app.isSynced(head));
    const second = await post(app, 'sync', { resources: [{ kind: 'ConfigMap', name: 'a' }] });
    assert.equal(second.status.operationState, undefined);
    await world.thenEventually(app.operationSucceeded());
    const events = await world.kubectl([
      ...['get', 'events', `--namespace=${world.namespace}`, '--output=json'],
      `--field-selector=reason=OperationStarted,involvedObject.name=${app.name}`,
    ]);
    assert.match(
      events,
      new RegExp(`somebody without a token initiated partial sync to HEAD .${head}`),
    );
  });

  test('an operation says who asked for it, whatever the request says', async () => {
    const app = await created('signed', 'shop');
    const token = await signIn(api, world);
    const body = { initiatedBy: { username: 'mallory', automated: true } };
    const path = `/api/v1/applications/${app.name}/sync`;
    const { status, json, text } = await api.request(path, { method: 'POST', body, token });
    assert.equal(status, 200, text);
    assert.deepEqual((json as Seen).operation?.initiatedBy, { username: 'admin' });
    await world.thenEventually(app.operationSucceeded());
  });

  test('a sync that would replace objects is refused where that is switched off', async () => {
    const app = await created('replaced', 'shop');
    const items = ['Replace=true'];
    assert.deepEqual(await refused(app, 'sync', { syncOptions: { items } }), [
      400,
      'Replace=true: is switched off for syncs over the API',
    ]);
    const { json } = await api.request('/api/v1/settings');
    assert.equal((json as Record<string, unknown>)['syncWithReplaceAllowed'], undefined);
    await post(app, 'sync', { syncOptions: { items: ['Replace=false'] } });
  });

  test('a rollback is a sync of what is in the history', async () => {
    const app = await created('rolled', 'shop');
    await post(app, 'sync');
    await world.thenEventually(app.operationSucceeded());
    await world.when(world.pushed('shop', { files: { 'a/a.yaml': configMap('a', 'two') } }));
    await post(app, 'sync');
    await world.thenEventually(
      app.operationSucceeded(),
      app.isSynced(await world.git.revision('shop')),
    );
    assert.deepEqual(await refused(app, 'rollback', { id: 7 }), [
      400,
      `application ${app.name} does not have deployment with id 7`,
    ]);
    const { operation } = await post(app, 'rollback', { id: 0 });
    assert.match(JSON.stringify(operation), /"source":\{.*"syncStrategy":\{"apply":\{\}\}/);
    await world.thenEventually(
      app.operationSucceeded(),
      world.object('configmaps', 'a', world.name('rolled')).matches('is as before', (map) => {
        return (map['data'] as { value: string }).value === 'one';
      }),
    );
    await world.when(app.patched({ spec: { syncPolicy: { automated: { enabled: true } } } }));
    const [status, message] = await refused(app, 'rollback', { id: 0 });
    assert.deepEqual(
      [status, message],
      [400, 'rollback cannot be initiated when auto-sync is enabled'],
    );
  });

  test('a window is in the way before rights are, and is told of', async () => {
    const app = await created('nightly', 'night');
    assert.deepEqual(await refused(app, 'sync'), [403, 'cannot sync: blocked by sync window']);
    const windows = await api.request(`/api/v1/applications/${app.name}/syncwindows`);
    const window = { kind: 'deny', schedule: '* * * * *', duration: '1h', manualSync: false };
    assert.deepEqual(windows.json, {
      activeWindows: [window],
      assignedWindows: [window],
      canSync: false,
    });
  });

  test('who may only look syncs nothing, and nobody overrides without the right to', async () => {
    const other = await created('other', 'other');
    const [status, message] = await refused(other, 'sync');
    assert.equal(status, 403);
    assert.match(message, /^permission denied: applications, sync, other\/other-/);
    for (const what of ['rollback', 'operation'])
      assert.deepEqual(await refused(other, what, {}), [403, 'permission denied']);
    const shop = await created('overridden', 'shop');
    const manifests = [
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } }),
    ];
    const [no, why] = await refused(shop, 'sync', { manifests });
    assert.equal(no, 403);
    assert.match(why, /^permission denied: applications, override, shop\/overridden-/);
    const { operation } = await shop.read(signal).then((seen) => seen as unknown as Seen);
    assert.equal(operation, undefined);
    const free = await created('free', 'free');
    await post(free, 'sync', { manifests });
    await world.thenEventually(
      free.operationSucceeded(),
      world.object('configmaps', 'b', world.name('free')).exists(),
    );
    await world.when(free.patched({ spec: { syncPolicy: { automated: {} } } }));
    const [automated, reason] = await refused(free, 'sync', { manifests });
    assert.equal(automated, 400);
    assert.match(reason, /Cannot use local manifests when auto-sync is enabled/);
    assert.deepEqual(await refused(free, 'sync', { revision: 'other' }), [
      400,
      'Cannot sync to other: auto-sync currently set to HEAD',
    ]);
  });

  test('a revision that there is not is refused before anything begins', async () => {
    const app = await created('wrong', 'shop');
    const [status, message] = await refused(app, 'sync', { revision: 'no-such-branch' });
    assert.equal(status, 400);
    assert.match(message, /no-such-branch/);
    const [positions] = await refused(app, 'sync', { sourcePositions: [2], revisions: ['HEAD'] });
    assert.equal(positions, 400);
    const quoted = await refused(app, 'sync', { sourcePositions: ['1'], revisions: ['HEAD'] });
    assert.equal(quoted[0], 400);
  });

  test('one operation at a time, and it can be terminated', async () => {
    const app = await created('hangs', 'shop', { path: 'hangs' });
    const nothing = await refused(app, 'operation');
    assert.deepEqual(nothing, [400, 'Unable to terminate operation. No operation is in progress']);
    await post(app, 'sync');
    assert.deepEqual(await refused(app, 'sync'), [400, 'another operation is already in progress']);
    await world.thenEventually(app.operationSays(/waiting for/));
    assert.deepEqual(await refused(app, 'sync'), [400, 'another operation is already in progress']);
    const path = `/api/v1/applications/${app.name}/operation`;
    const ended = await api.request(path, { method: 'DELETE' });
    assert.deepEqual([ended.status, ended.json], [200, {}]);
    await world.thenEventually(app.operationFailed(/Operation terminated/));
  });
});
