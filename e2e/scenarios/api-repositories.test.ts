import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type ApiAnswer,
  type ApiClient,
  type ApiRequest,
  apiClient,
} from '../language/api-client.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';
import {
  CANARY,
  type ChartServer,
  CREDENTIALS,
  startChartServer,
} from './api-repositories/chart-server.ts';
import { testSources } from './api-repositories/sources.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

describe('repositories over the API', () => {
  let world: World;
  let api: ApiClient;
  let web: ChartServer;
  let admin: string;
  /** Tokens of roles of two projects. */
  let mine: string;
  let theirs: string;
  let team: string;
  let url: string;
  let base: string;
  const credentials = CREDENTIALS;

  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    admin = await signIn(api, world);
    [team] = [world.name('team')];
    const others = world.name('others');
    mine = await roleOf(team, ['repositories, *']);
    theirs = await roleOf(others, ['repositories, *']);
    const files = {
      'plain/a.yaml': configMap('a', '1'),
      'kustom/kustomization.yaml':
        'images: [{name: web, newName: shop/web, newTag: "7"}]\nresources: [web.yaml]\n',
      'kustom/web.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: web}, {name: b, image: "proxy:1"}]}\n',
      'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.2.3\n',
      'chart/values.yaml': 'image: {tag: "7"}\nports: [80]\n',
      'chart/env/values-prod.yaml': 'image: {tag: "8"}\n',
      'chart/templates/a.yaml': configMap('b', '1'),
    };
    url = await world.git.createRepository('private', files, { credentials });
    web = await startChartServer();
    base = web.host;
  });
  after(async () => {
    await web[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  async function roleOf(project: string, rights: readonly string[]): Promise<string> {
    const policies = rights.map((right) => {
      const [resource = '', action = ''] = right.split(', ');
      return `p, proj:${project}:dev, ${resource}, ${action}, ${project}/*, allow`;
    });
    const spec = {
      sourceRepos: ['http://127.0.0.1:*/**'],
      destinations: [{ server: '*', namespace: '*' }],
      roles: [{ name: 'dev', policies }],
    };
    const body = { project: { metadata: { name: project }, spec } };
    const made = await ask('POST', '/projects', body);
    assert.equal(made.status, 200, made.text);
    const { json } = await ask('POST', `/projects/${project}/roles/dev/token`, {});
    return (json as { token: string }).token;
  }

  /** Whatever is answered, no answer has a credential. */
  async function ask(
    method: string,
    path: string,
    body?: unknown,
    token: string = admin,
  ): Promise<ApiAnswer> {
    const request: ApiRequest = { method, token, ...(body !== undefined && { body }) };
    const answer = await api.request(`/api/v1${path}`, request);
    assert.ok(!answer.text.includes(CANARY), `${method} ${path}: ${answer.text}`);
    return answer;
  }

  function refused(answer: ApiAnswer, status: number, message: RegExp): void {
    assert.equal(answer.status, status, answer.text);
    assert.match((answer.json as { message: string }).message, message);
  }

  const pathOf = (repository: string) => `/repositories/${encodeURIComponent(repository)}`;

  async function secretsOf(type: string): Promise<readonly Stored[]> {
    const label = `argocd.argoproj.io/secret-type=${type}`;
    const text = await world.kubectl([
      ...['get', 'secret', `--selector=${label}`, '-o', 'json', '-n', world.namespace],
    ]);
    return (JSON.parse(text) as { items: readonly Stored[] }).items;
  }

  test('are registered after they were reached, and shown without credentials', async () => {
    assert.deepEqual((await ask('GET', '/repositories')).json, { metadata: {}, items: null });
    const wrong = { repo: url, username: 'bot', password: `wrong-${CANARY}` };
    refused(await ask('POST', '/repositories', wrong), 400, /refused the credentials/);
    assert.deepEqual(await secretsOf('repository'), []);
    const made = await ask('POST', '/repositories', { repo: url, ...credentials });
    assert.equal(made.status, 200, made.text);
    const unasked = { status: '', message: '', attemptedAt: null };
    assert.deepEqual(made.json, { repo: url, connectionState: unasked });
    const [secret] = await secretsOf('repository');
    assert.match(secret?.metadata.name ?? '', /^repo-\d+$/);
    assert.equal(secret?.metadata.annotations['managed-by'], 'argocd.argoproj.io');
    const decoded = Object.entries(secret?.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]);
    assert.deepEqual(Object.fromEntries(decoded), { url, ...credentials });

    const one = await ask('GET', pathOf(url));
    const { connectionState, ...rest } = one.json as { connectionState: { status: string } };
    assert.equal(connectionState.status, 'Successful', one.text);
    assert.deepEqual(rest, { repo: url, type: 'git', username: 'bot' });
    const listed = (await ask('GET', '/repositories')).json as { items: object[] };
    assert.deepEqual(listed.items, [one.json]);

    const again = await ask('POST', '/repositories', { repo: url, ...credentials });
    assert.equal(again.status, 200, again.text);
    const named = { repo: url, ...credentials, name: 'web' };
    const words = 'existing repository spec is different; use upsert flag to force update';
    refused(await ask('POST', '/repositories', named), 400, new RegExp(`^${words}$`));
    const upserted = await ask('POST', '/repositories?upsert=true', named);
    assert.equal((upserted.json as { name: string }).name, 'web', upserted.text);
  });

  test('what one may not see is refused as what is not there', async () => {
    const bare = { error: 'permission denied', code: 7, message: 'permission denied' };
    for (const path of [url, 'https://git.example/nobody']) {
      const answer = await ask('GET', pathOf(path), undefined, mine);
      assert.deepEqual([answer.status, answer.json], [403, bare]);
      const removal = await ask('DELETE', pathOf(path), undefined, mine);
      assert.deepEqual([removal.status, removal.json], [403, bare]);
    }
    const unknown = await ask('GET', pathOf('https://git.example/nobody'));
    assert.deepEqual([unknown.status, unknown.json], [403, bare]);
    const listed = await ask('GET', '/repositories', undefined, mine);
    assert.deepEqual(listed.json, { metadata: {}, items: null });
  });

  test('of a project belong to its roles, and to no other (CVE-2022-1025)', async () => {
    const scoped = { repo: `${url}/scoped`, project: team, ...credentials };
    const made = await ask('POST', '/repositories', scoped, mine);
    assert.equal(made.status, 200, made.text);
    const there = `${pathOf(scoped.repo)}?appProject=${team}`;
    assert.equal((await ask('GET', there, undefined, mine)).status, 200);
    assert.equal((await ask('GET', there, undefined, theirs)).status, 403);
    assert.equal((await ask('GET', pathOf(scoped.repo), undefined, theirs)).status, 403);
    // What everybody shares is not theirs, although they have one of that address.
    const same = { repo: url, project: team, ...credentials };
    assert.equal((await ask('POST', '/repositories', same, mine)).status, 200);
    const seen = async (by: string) => (await ask('GET', pathOf(url), undefined, by)).json;
    assert.equal(((await seen(mine)) as { project: string }).project, team);
    assert.deepEqual(Object.keys((await seen(theirs)) as object), ['error', 'code', 'message']);
    assert.equal(((await seen(admin)) as { project?: string }).project, undefined);
    const other = { ...same, project: world.name('others') };
    assert.equal((await ask('POST', '/repositories', other, theirs)).status, 200);
    assert.deepEqual((await ask('DELETE', pathOf(url))).json, {}); // the one for all
    refused(await ask('GET', pathOf(url)), 500, /several projects have it/);
    for (const project of [team, world.name('others')])
      assert.deepEqual((await ask('DELETE', `${pathOf(url)}?appProject=${project}`)).json, {});
    assert.equal((await ask('POST', '/repositories', { repo: url, ...credentials })).status, 200);
    const stolen = { ...scoped, password: 'mine now' };
    assert.equal((await ask('PUT', pathOf(scoped.repo), stolen, theirs)).status, 403);
    refused(
      await ask('POST', '/repositories', scoped, theirs),
      403,
      new RegExp(`^permission denied: repositories, create, ${team}/`),
    );
    const moved = { ...scoped, project: world.name('others') };
    refused(
      await ask('PUT', pathOf(scoped.repo), moved, mine),
      403,
      /^permission denied: repositories, update, others-/,
    );
    assert.equal((await ask('DELETE', there, undefined, theirs)).status, 403);
    assert.deepEqual((await ask('DELETE', there, undefined, mine)).json, {});
    assert.equal((await secretsOf('repository')).length, 1);
  });

  test('are validated without being stored, and no error has a credential (CVE-2023-25163)', async () => {
    const path = `${pathOf('unused')}/validate`;
    const right = new URLSearchParams(credentials);
    const answer = await ask('POST', `${path}?${right}`, url);
    assert.deepEqual([answer.status, answer.json], [200, {}]);
    const wrong = new URLSearchParams({ ...credentials, password: CANARY });
    refused(await ask('POST', `${path}?${wrong}`, url), 400, /refused the credentials/);
    refused(await ask('POST', path, 'http://127.0.0.1:1/x'), 503, /127\.0\.0\.1:1/);
    refused(await ask('POST', path, ''), 400, /no address of a Git repository/);
    refused(await ask('POST', path, 'file:///etc'), 400, /no address of a Git repository/);
    refused(await ask('POST', path, 'ext::sh -c id'), 400, /is no URL|no address/);
    refused(await ask('POST', path, { url }), 400, /must be a JSON string/);
    const inUrl = url.replace('://', `://bot:${CANARY}@`);
    refused(await ask('POST', path, inUrl), 400, /holds a password/);
  });

  testSources(() => ({
    ...{ world, signal, base, url, team, admin, mine, credentials },
    ...{ ask, refused, pathOf, roleOf },
  }));

  test('templates of credentials count for what begins with their URL', async () => {
    const template = { url: url.replace(/\/[^/]*$/, ''), ...credentials, sshPrivateKey: CANARY };
    assert.deepEqual((await ask('GET', '/repocreds')).json, { metadata: {}, items: [] });
    const made = await ask('POST', '/repocreds', template);
    assert.deepEqual(made.json, { url: template.url }, made.text);
    const listed = await ask('GET', '/repocreds');
    assert.deepEqual(listed.json, {
      metadata: {},
      items: [{ url: template.url, username: 'bot' }],
    });
    assert.deepEqual((await ask('DELETE', pathOf(url))).json, {});
    const inherited = await ask('POST', '/repositories', { repo: url });
    assert.equal(inherited.status, 200, inherited.text);
    const shown = await ask('GET', pathOf(url));
    assert.equal((shown.json as { inheritedCreds: boolean }).inheritedCreds, true);
    const path = `/repocreds/${encodeURIComponent(template.url)}`;
    const changed = await ask('PUT', path, { ...template, password: `other-${CANARY}` });
    assert.deepEqual(changed.json, { url: template.url });
    const failed = await ask('GET', `${pathOf(url)}?forceRefresh=true`);
    const { connectionState } = failed.json as { connectionState: { status: string } };
    assert.equal(connectionState.status, 'Failed', failed.text);
    assert.equal((await ask('DELETE', path, undefined, mine)).status, 403);
    assert.deepEqual((await ask('DELETE', path)).json, {});
    assert.deepEqual(await secretsOf('repo-creds'), []);
  });

  test('a Secret that somebody made by hand stays, and only ceases to be a registration', async () => {
    const metadata = {
      ...{ name: 'by-hand', namespace: world.namespace },
      labels: { 'argocd.argoproj.io/secret-type': 'repository' },
    };
    const repo = 'http://127.0.0.1:1/by-hand';
    const stringData = {
      url: repo,
      password: CANARY,
      bearerToken: CANARY,
      proxy: `http://a:${CANARY}@127.0.0.1:1`,
    };
    const applied = { apiVersion: 'v1', kind: 'Secret', metadata, stringData };
    await world.given(world.applied(applied));
    let answer = await ask('GET', pathOf(repo));
    for (let tries = 0; answer.status !== 200 && tries < 100; tries += 1)
      answer = await ask('GET', pathOf(repo));
    assert.equal((answer.json as { proxy: string }).proxy, 'http://127.0.0.1:1');
    assert.deepEqual((await ask('DELETE', pathOf(repo))).json, {});
    const left = await world.kubectl([
      ...['get', 'secret', 'by-hand', '-o', 'jsonpath={.metadata.labels}', '-n', world.namespace],
    ]);
    assert.equal(left, '');
  });

  test('credentials to push with are not there, and that is said', async () => {
    refused(await ask('GET', '/write-repositories'), 501, /^hydrator is disabled$/);
    refused(await ask('POST', '/write-repocreds', {}), 501, /^hydrator is disabled$/);
  });

  test('nothing of it is in the log or in an Event', async () => {
    assert.ok(!(await world.operatorLog()).includes(CANARY));
    const events = await world.kubectl(['get', 'events', '-o', 'yaml', '-n', world.namespace]);
    assert.match(events, /reason: ResourceCreated/);
    assert.ok(!events.includes(CANARY));
  });
});

interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly data: Readonly<Record<string, string>>;
}
