import assert from 'node:assert/strict';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  type ApiAnswer,
  type ApiClient,
  type ApiRequest,
  apiClient,
} from '../language/api-client.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);
const CANARY = 'canary-5ec4e7';
const HOME = 'https://kubernetes.default.svc';
const BARE = { error: 'permission denied', code: 7, message: 'permission denied' };

interface Shown {
  readonly name: string;
  readonly server: string;
  readonly serverVersion?: string;
  readonly config: object;
  readonly labels?: object;
  readonly annotations?: object;
  readonly connectionState: { readonly status: string; readonly message: string };
  readonly info: {
    readonly cacheInfo: { readonly resourcesCount?: number; readonly lastCacheSyncTime?: string };
  };
}

/** The cluster of the world, registered once more under the address by which the tests reach it. */
describe('clusters over the API', () => {
  let world: World;
  let api: ApiClient;
  let admin: string;
  let mine: string;
  let team: string;
  let server: string;
  let caData: string;
  let token: string;

  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    admin = await signIn(api, world);
    team = world.name('team');
    const view = await world.kubectl(['config', 'view', '--raw', '-o', 'json']);
    const [cluster] = (JSON.parse(view) as Kubeconfig).clusters;
    server = cluster?.cluster.server ?? '';
    caData = cluster?.cluster['certificate-authority-data'] ?? '';
    token = await managerToken();
    mine = await roleToken();
  });
  after(async () => {
    await world.kubectl.try(['delete', 'clusterrolebinding', team]);
    await world[Symbol.asyncDispose]();
  });

  /** Of a service account that may do anything, in a Secret, as `argocd cluster add` makes it. */
  async function managerToken(): Promise<string> {
    const { namespace } = world;
    const subjects = [{ kind: 'ServiceAccount', name: 'manager', namespace }];
    const rbac = 'rbac.authorization.k8s.io';
    const annotations = { 'kubernetes.io/service-account.name': 'manager' };
    await world.given(
      world.applied(
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'manager', namespace } },
        {
          ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: team } },
          roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
          subjects,
        },
        {
          ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' },
          metadata: { name: 'manager-token', namespace, annotations },
        },
      ),
    );
    let found = '';
    await eventually(
      async () => {
        found = await tokenIn('manager-token');
        return found === '' ? pending('no token yet') : met('a token');
      },
      { withinMs: 30_000, signal },
    );
    return found;
  }

  async function tokenIn(secret: string): Promise<string> {
    const query = ['get', 'secret', secret, '-o', 'jsonpath={.data.token}'];
    const encoded = await world.kubectl([...query, '-n', world.namespace]);
    return Buffer.from(encoded, 'base64').toString('utf8');
  }

  async function roleToken(): Promise<string> {
    const policies = [`p, proj:${team}:dev, clusters, *, ${team}/*, allow`];
    const spec = { roles: [{ name: 'dev', policies }] };
    const made = await ask('POST', '/projects', { project: { metadata: { name: team }, spec } });
    assert.equal(made.status, 200, made.text);
    const { json } = await ask('POST', `/projects/${team}/roles/dev/token`, {});
    return (json as { token: string }).token;
  }

  /** Whatever is answered, no answer has a credential. */
  async function ask(
    method: string,
    path: string,
    body?: unknown,
    by: string = admin,
  ): Promise<ApiAnswer> {
    const request: ApiRequest = { method, token: by, ...(body !== undefined && { body }) };
    const answer = await api.request(`/api/v1${path}`, request);
    for (const secret of [CANARY, token].filter((text) => text !== undefined))
      assert.ok(!answer.text.includes(secret), `${method} ${path}: ${answer.text}`);
    return answer;
  }

  function refused(answer: ApiAnswer, status: number, message: RegExp): void {
    assert.equal(answer.status, status, answer.text);
    assert.match((answer.json as { message: string }).message, message);
  }

  const pathOf = (value: string) => `/clusters/${encodeURIComponent(value)}`;
  const config = () => ({ bearerToken: token, tlsClientConfig: { caData } });

  test('the one it runs in is there, with what is known of it', async () => {
    await world.given(world.repository('used', { 'a.yaml': configMap('a', '1') }));
    const repoURL = world.git.urlOf('used');
    const app = world.application('used', { repoURL, syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    const { json, text } = await ask('GET', pathOf(HOME));
    const shown = json as Shown;
    assert.deepEqual([shown.name, shown.server], ['in-cluster', HOME], text);
    assert.equal(shown.connectionState.status, 'Successful');
    assert.match(shown.serverVersion ?? '', /^1\.\d+$/);
    assert.ok((shown.info.cacheInfo.resourcesCount ?? 0) > 0);
    assert.match(shown.info.cacheInfo.lastCacheSyncTime ?? '', /^\d{4}-\S+T\S+:\d\dZ$/);
    assert.deepEqual(shown.config, { tlsClientConfig: { insecure: false } });
    const byName = await ask('GET', '/clusters/in-cluster?id.type=name');
    assert.equal((byName.json as Shown).server, HOME);
    refused(await ask('DELETE', pathOf(HOME)), 400, /is not registered by a Secret/);
  });

  test('are registered after they were reached, and shown without credentials', async () => {
    const dead = { server: 'https://127.0.0.1:1', name: 'dead', config: { bearerToken: CANARY } };
    refused(await ask('POST', '/clusters', dead), 500, /127\.0\.0\.1:1/);
    const wrong = { server, name: 'east', config: { ...config(), bearerToken: CANARY } };
    refused(await ask('POST', '/clusters', wrong), 500, /./);
    const sent = { server, name: 'east', config: config(), labels: { tier: 'one' } };
    const made = await ask('POST', '/clusters', sent);
    assert.equal(made.status, 200, made.text);
    const shown = made.json as Shown;
    assert.deepEqual(shown.config, { tlsClientConfig: { insecure: false } });
    assert.deepEqual(shown.labels, { tier: 'one' });
    assert.equal(shown.connectionState.status, 'Successful', made.text);
    const name = await world.kubectl([
      ...['get', 'secret', '-l', 'argocd.argoproj.io/secret-type=cluster'],
      ...['-o', 'jsonpath={.items[*].metadata.name}', '-n', world.namespace],
    ]);
    assert.match(name, /^cluster-127\.0\.0\.1-\d+$/);
    assert.equal((await ask('POST', '/clusters', sent)).status, 200);
    const words = 'existing cluster spec is different; use upsert flag to force update';
    const renamed = { ...sent, name: 'west' };
    refused(await ask('POST', '/clusters', renamed), 400, new RegExp(`^${words}$`));
    const upserted = await ask('POST', '/clusters?upsert=true', renamed);
    assert.equal((upserted.json as Shown).name, 'west', upserted.text);
    const listed = (await ask('GET', '/clusters')).json as { items: readonly Shown[] };
    assert.deepEqual(
      listed.items.map((one) => one.name),
      ['in-cluster', 'west'],
    );
  });

  test('named fields are changed, and the credentials stay', async () => {
    const path = `${pathOf(server)}?id.type=url&updatedFields=name&updatedFields=namespaces`;
    const changed = await ask('PUT', path, { name: 'north', namespaces: ['a', 'b'], labels: {} });
    assert.equal(changed.status, 200, changed.text);
    const shown = changed.json as Shown & { namespaces: readonly string[] };
    assert.deepEqual(
      [shown.name, shown.namespaces, shown.labels],
      ['north', ['a', 'b'], { tier: 'one' }],
    );
    assert.equal(shown.connectionState.status, 'Successful', changed.text);
    // Credentials that were stored are never sent to another server.
    const elsewhere = await ask('PUT', path, { name: 'north', server: 'https://127.0.0.1:1' });
    assert.equal((elsewhere.json as Shown).server, server, elsewhere.text);
    const broken = await ask('PUT', `${pathOf(server)}?updatedFields=config`, {
      config: { bearerToken: CANARY, tlsClientConfig: { caData } },
    });
    refused(broken, 500, /./);
  });

  test('what one may not see is refused as what is not there', async () => {
    for (const value of [server, HOME, 'https://nobody.example']) {
      for (const [method, path] of [
        ['GET', ''],
        ['PUT', ''],
        ['DELETE', ''],
        ['POST', '/rotate-auth'],
        ['POST', '/invalidate-cache'],
      ] as const) {
        const body = method === 'PUT' ? {} : undefined;
        const answer = await ask(method, `${pathOf(value)}${path}`, body, mine);
        assert.deepEqual([answer.status, answer.json], [403, BARE], `${method} ${value}`);
      }
    }
    const unknown = await ask('GET', pathOf('https://nobody.example'));
    assert.deepEqual([unknown.status, unknown.json], [403, BARE]);
    assert.deepEqual((await ask('GET', '/clusters', undefined, mine)).json, {
      metadata: {},
      items: [],
    });
  });

  test('of a project belong to its roles, and are not moved out of it', async () => {
    const scoped = {
      server: `${server}/scoped/..`,
      name: 'scoped',
      project: team,
      config: config(),
    };
    const global = { ...scoped, project: '' };
    refused(
      await ask('POST', '/clusters', global, mine),
      403,
      /^permission denied: clusters, create, https/,
    );
    const runs = { ...config(), execProviderConfig: { command: 'id' } };
    refused(
      await ask('POST', '/clusters', { ...scoped, config: runs }, mine),
      400,
      /execProviderConfig runs a program/,
    );
    // Another one of that address is there, which is not theirs to know.
    for (const path of ['/clusters', '/clusters?upsert=true']) {
      const taken = await ask('POST', path, { ...scoped, server }, mine);
      assert.deepEqual([taken.status, taken.json], [403, BARE], path);
    }
    assert.deepEqual((await ask('DELETE', pathOf(server))).json, {});
    const made = await ask('POST', '/clusters', { ...scoped, server }, mine);
    assert.equal(made.status, 200, made.text);
    assert.equal((await ask('GET', pathOf(server), undefined, mine)).status, 200);
    const update = { name: 'mine', project: '' };
    const moved = await ask('PUT', `${pathOf(server)}?updatedFields=project`, update, mine);
    refused(moved, 403, /^permission denied: clusters, update, https/);
    assert.deepEqual((await ask('DELETE', pathOf(server), undefined, mine)).json, {});
    const back = await ask('POST', '/clusters', { server, name: 'north', config: config() });
    assert.equal(back.status, 200, back.text);
  });

  test('a program that a client sends does not run, whoever it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tiphys-program-'));
    const mark = join(folder, 'it-ran');
    const apiVersion = 'client.authentication.k8s.io/v1';
    const runs = { ...config(), bearerToken: '' };
    const sent = {
      server: `${server}/program/..`,
      name: 'program',
      config: { ...runs, execProviderConfig: { command: 'touch', args: [mark], apiVersion } },
    };
    for (const path of ['/clusters', '/clusters?upsert=true'])
      refused(
        await ask('POST', path, sent),
        400,
        /execProviderConfig runs a program on the server, which clients may not choose/,
      );
    refused(await ask('PUT', pathOf(server), sent), 400, /execProviderConfig runs a program/);
    await assert.rejects(access(mark), { code: 'ENOENT' });
    await rm(folder, { recursive: true });
  });

  test('CVE-2023-40029: what kubectl keeps of a Secret is not among its annotations', async () => {
    const address = 'https://127.0.0.1:1/kept';
    const stringData = { name: 'kept', server: address, config: `{"bearerToken":"${CANARY}"}` };
    const metadata = {
      ...{ name: 'kept', namespace: world.namespace },
      labels: { 'argocd.argoproj.io/secret-type': 'cluster' },
      annotations: {
        owner: 'me',
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(stringData),
      },
    };
    await world.given(world.applied({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }));
    await eventually(
      async () => {
        const { status, json, text } = await ask('GET', pathOf(address));
        if (status !== 200) return pending(text);
        const shown = json as Shown;
        assert.deepEqual(shown.annotations, { owner: 'me' });
        assert.equal(shown.connectionState.status, 'Failed');
        return met('shown');
      },
      { withinMs: 20_000, signal },
    );
    assert.deepEqual((await ask('DELETE', pathOf(address))).json, {});
  });

  test('a token is rotated: the new one works, the old one is gone', async () => {
    const rotated = await ask('POST', `${pathOf(server)}/rotate-auth`);
    assert.deepEqual([rotated.status, rotated.json], [200, {}], rotated.text);
    const old = await world.kubectl.try(['get', 'secret', 'manager-token', '-n', world.namespace]);
    assert.notEqual(old.exitCode, 0);
    const shown = (await ask('GET', pathOf(server))).json as Shown;
    assert.equal(shown.connectionState.status, 'Successful', shown.connectionState.message);
    refused(await ask('POST', `${pathOf(HOME)}/rotate-auth`), 400, /token of a service account/);
  });

  test('everything is listed anew on request', async () => {
    const lines = async () =>
      (await world.operatorLog()).split('\n').filter((line) => line.includes('cluster connected'));
    const app = world.application('there', {
      repoURL: world.git.urlOf('used'),
      spec: { destination: { server, namespace: 'a' } },
    });
    await world.when(app.created());
    await eventually(
      async () => ((await lines()).length < 2 ? pending('not connected') : met('connected')),
      { withinMs: 30_000, signal },
    );
    const before = (await lines()).length;
    const answer = await ask('POST', `${pathOf(server)}/invalidate-cache`);
    assert.equal((answer.json as Shown).server, server, answer.text);
    await eventually(
      async () => ((await lines()).length <= before ? pending('not yet') : met('connected anew')),
      { withinMs: 30_000, signal },
    );
    assert.deepEqual((await ask('DELETE', pathOf(server))).json, {});
  });

  test('nothing of it is in the log or in an Event', async () => {
    const log = await world.operatorLog();
    const events = await world.kubectl(['get', 'events', '-o', 'yaml', '-n', world.namespace]);
    for (const secret of [CANARY, token])
      assert.deepEqual([log.includes(secret), events.includes(secret)], [false, false]);
  });
});

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: {
      readonly server: string;
      readonly 'certificate-authority-data': string;
    };
  }[];
}
