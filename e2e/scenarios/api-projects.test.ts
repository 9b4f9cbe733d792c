import assert from 'node:assert/strict';
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
import { configMap, settingsMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);
const CANARY = 'canary-5ec4e7';
const FAR = 'https://far.example';

interface Shown {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

describe('projects over the API', () => {
  let world: World;
  let api: ApiClient;
  let admin: string;
  /** A token of the role `dev` of the project `team`, which may update its project. */
  let dev: string;
  let team: string;

  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    admin = await signIn(api, world);
    team = world.name('team');
    const rules = [
      `p, proj:${team}:dev, projects, update, ${team}, allow`,
      `p, proj:${team}:dev, projects, delete, default, allow`,
    ];
    await world.given(
      world.applied(settings('argocd-cm', {})),
      world.applied(settings('argocd-rbac-cm', { 'policy.csv': rules.join('\n') })),
    );
    const created = await ask('POST', '/projects', { project: project(team, base) });
    assert.equal(created.status, 200, created.text);
    const token = await ask('POST', `/projects/${team}/roles/dev/token`, { id: 'first' });
    assert.equal(token.status, 200, token.text);
    dev = (token.json as { token: string }).token;
  });
  after(() => world[Symbol.asyncDispose]());

  const base = {
    sourceRepos: ['https://git.example/*'],
    destinations: [{ server: 'https://kubernetes.default.svc', namespace: 'web' }],
    roles: [{ name: 'dev', groups: ['developers'] }],
  };

  function settings(name: string, data: Readonly<Record<string, string>>): object {
    return settingsMap(world.namespace, name, data);
  }

  const project = (name: string, spec: object) => ({ metadata: { name }, spec });

  function ask(
    method: string,
    path: string,
    body?: unknown,
    token: string = admin,
  ): Promise<ApiAnswer> {
    const request: ApiRequest = { method, token, ...(body !== undefined && { body }) };
    return api.request(`/api/v1${path}`, request);
  }

  const put = (spec: object, token?: string) =>
    ask('PUT', `/projects/${team}`, { project: project(team, spec) }, token);

  function refused(answer: ApiAnswer, status: number, message: RegExp): void {
    assert.equal(answer.status, status, answer.text);
    assert.match((answer.json as { message: string }).message, message);
  }

  test('are made, read, changed and removed', async () => {
    const name = world.name('shop');
    const path = `/projects/${name}`;
    const spec = { sourceRepos: ['*'], description: 'one' };
    const made = await ask('POST', '/projects', { project: project(name, spec) });
    assert.equal(made.status, 200, made.text);
    assert.deepEqual(Object.keys(made.json as object).sort(), ['metadata', 'spec', 'status']);
    const again = await ask('POST', '/projects', { project: project(name, spec) });
    assert.equal(again.status, 200);
    const other = { project: project(name, { ...spec, description: 'two' }) };
    const different = 'existing project spec is different, use upsert flag to force update';
    refused(await ask('POST', '/projects', other), 400, new RegExp(`^${different}$`));
    assert.equal((await ask('POST', '/projects', { ...other, upsert: true })).status, 200);
    const read = (await ask('GET', path)).json as Shown;
    assert.deepEqual(read.spec, { sourceRepos: ['*'], description: 'two' });
    const listed = await ask('GET', '/projects?fields=items.metadata.name');
    assert.deepEqual(listed.json, {
      items: ['default', name, team].sort().map((one) => ({ metadata: { name: one } })),
    });
    assert.deepEqual((await ask('DELETE', path)).json, {});
    refused(
      await ask('GET', path),
      404,
      new RegExp(`^appprojects.argoproj.io "${name}" not found$`),
    );
    refused(await ask('DELETE', path), 404, /not found/);
  });

  test('whoever changes what a project gives out must be allowed to change that', async () => {
    const { destinations } = base;
    assert.equal((await put({ ...base, description: 'ours' }, dev)).status, 200);
    const far = [...destinations, { server: FAR, namespace: '*' }];
    const asRole = `sub: proj:${team}:dev`;
    refused(
      await put({ ...base, destinations: far }, dev),
      403,
      new RegExp(`^permission denied: clusters, update, ${FAR}, ${asRole}, iat: `),
    );
    refused(
      await put({ ...base, sourceRepos: ['*'] }, dev),
      403,
      new RegExp(`^permission denied: repositories, update, (https://git.example/)?\\*, ${asRole}`),
    );
    const kinds = { clusterResourceWhitelist: [{ group: '*', kind: '*' }] };
    refused(
      await put({ ...base, ...kinds }, dev),
      403,
      /^permission denied: clusters, update, https:\/\/kubernetes.default.svc, /,
    );
    const shown = (await ask('GET', `/projects/${team}`)).json as Shown;
    assert.deepEqual(shown.spec['destinations'], destinations);
    assert.equal((await put({ ...base, destinations: far })).status, 200); // as admin
    assert.equal((await put(base)).status, 200);
  });

  test('what makes no sense is refused, with what is wrong', async () => {
    const cases: readonly (readonly [object, RegExp])[] = [
      [
        {
          roles: [
            { name: 'dev', policies: ['p, proj:other:dev, applications, get, other/*, allow'] },
          ],
        },
        /role dev/,
      ],
      [{ roles: [{ name: 'a' }, { name: 'a' }] }, /there are two of this name/],
      [
        {
          roles: [
            { name: 'dev', policies: [`p, proj:${team}:dev, accounts, get, ${team}/*, allow`] },
          ],
        },
        /role dev/,
      ],
      [
        { syncWindows: [{ kind: 'allow', schedule: '* * * * *', duration: '1h' }] },
        /names no application/,
      ],
      [
        { syncWindows: [{ kind: 'deny', schedule: 'soon', duration: '1h', clusters: ['*'] }] },
        /sync window 1/,
      ],
      [{ destinations: ['web'] }, /destinations/],
    ];
    for (const [more, message] of cases) refused(await put({ ...base, ...more }), 400, message);
    const named = await ask('POST', '/projects', { project: project('../x', {}) });
    refused(named, 400, /is no name/);
  });

  test('Applications are not left outside, and their project stays', async () => {
    await world.given(world.repository('used', { 'a.yaml': configMap('a', '1') }));
    const name = world.name('used');
    const open = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] };
    await ask('POST', '/projects', { project: project(name, open) });
    const repoURL = world.git.urlOf('used');
    await world.given(world.application('used', { repoURL, project: name }).created());
    const change = (spec: object) =>
      ask('PUT', `/projects/${name}`, { project: project(name, spec) });
    const words =
      'as a result of project update 1 applications source became invalid and 0 applications destination became invalid';
    await eventually(
      async () => {
        const answer = await change({ ...open, sourceRepos: [] });
        if (answer.status === 200) {
          await change(open);
          return pending('the Application is not seen yet');
        }
        refused(answer, 400, new RegExp(`^${words}$`));
        return met('refused');
      },
      { withinMs: 20_000, signal },
    );
    refused(await change({ ...open, destinations: [] }), 400, /1 applications destination became/);
    refused(
      await ask('DELETE', `/projects/${name}`),
      400,
      /^project is referenced by 1 applications$/,
    );
    refused(await ask('DELETE', '/projects/default', undefined, dev), 400, /reserved/);
  });

  test('tokens of roles are made, count until they are revoked, and cannot be smuggled in', async () => {
    const tokens = `/projects/${team}/roles/dev/token`;
    const missing = await ask('POST', '/projects/nobody/roles/dev/token', {});
    refused(missing, 404, /not found/);
    refused(await ask('POST', `/projects/${team}/roles/no/token`, {}), 404, /does not have role/);
    refused(await ask('POST', tokens, { id: 'first' }), 400, /^Token id 'first' has been used\.$/);
    const made = await ask('POST', tokens, { expiresIn: 3600, id: 'second' }, dev);
    assert.equal(made.status, 200, made.text);
    const { token } = made.json as { token: string };
    assert.equal((await ask('GET', `/projects/${team}`, undefined, token)).status, 200);
    refused(
      await ask('GET', '/projects/default', undefined, token),
      403,
      new RegExp(`^permission denied: projects, get, default, sub: proj:${team}:dev, iat: `),
    );
    // Neither dropping tokens nor adding some in an update counts.
    const roles = [{ name: 'dev', jwtTokens: [{ iat: 1, id: 'smuggled' }] }];
    assert.equal((await put({ ...base, roles })).status, 200);
    const { spec } = (await ask('GET', `/projects/${team}`)).json as {
      spec: { roles: readonly { jwtTokens: readonly { id: string }[] }[] };
    };
    const ids = spec.roles[0]?.jwtTokens.map(({ id }) => id);
    assert.deepEqual(ids, ['first', 'second']);
    assert.deepEqual((await ask('DELETE', `${tokens}/0?id=second`)).json, {});
    assert.deepEqual((await ask('DELETE', `${tokens}/0?id=second`)).json, {});
    assert.equal((await ask('GET', `/projects/${team}`, undefined, token)).status, 401);
  });

  test('CVE-2025-55190: the detailed view has no credentials of repositories and clusters', async () => {
    const secret = (name: string, type: string, stringData: object) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        ...{ name, namespace: world.namespace },
        labels: { 'argocd.argoproj.io/secret-type': type },
      },
      stringData,
    });
    const url = 'https://git.example/scoped';
    const cluster = { name: 'far', server: FAR, project: team };
    await world.given(
      world.applied(
        secret('scoped', 'repository', {
          ...{ url, project: team, username: CANARY, password: CANARY },
          sshPrivateKey: CANARY,
        }),
        secret('far', 'cluster', { ...cluster, config: JSON.stringify({ bearerToken: CANARY }) }),
      ),
    );
    await eventually(
      async () => {
        const { text, json } = await ask('GET', `/projects/${team}/detailed`, undefined, dev);
        assert.ok(!text.includes(CANARY), text);
        const { repositories = [], clusters = [] } = json as {
          repositories?: readonly { repo: string }[];
          clusters?: readonly { name: string }[];
        };
        if (repositories.length === 0 || clusters.length < 2) return pending(text);
        assert.deepEqual(
          repositories.map(({ repo }) => repo),
          [url],
        );
        assert.deepEqual(clusters.map(({ name }) => name).sort(), ['far', 'in-cluster']);
        return met('both are there');
      },
      { withinMs: 20_000, signal },
    );
  });

  test('events, open sync windows and global projects', async () => {
    const windows = [
      { kind: 'allow', schedule: '* * * * *', duration: '1h', applications: ['*'] },
      { kind: 'deny', schedule: '0 0 1 1 *', duration: '1m', applications: ['*'] },
    ];
    assert.equal((await put({ ...base, syncWindows: windows })).status, 200);
    const open = await ask('GET', `/projects/${team}/syncwindows`, undefined, dev);
    assert.deepEqual(open.json, { windows: windows.slice(0, 1) });
    const globals = await ask('GET', `/projects/${team}/globalprojects`, undefined, dev);
    assert.deepEqual(globals.json, {});
    assert.equal((await put({ ...base, syncWindows: windows.slice(1) })).status, 200);
    await eventually(
      async () => {
        const { json } = await ask('GET', `/projects/${team}/syncwindows`, undefined, dev);
        return Object.keys(json as object).length === 0 ? met('{}') : pending(JSON.stringify(json));
      },
      { withinMs: 20_000, signal },
    );
    const links = () => ask('GET', `/projects/${team}/links`, undefined, dev);
    assert.deepEqual((await links()).json, {});
    const link = { title: 'Wiki', url: 'https://wiki.example/projects' };
    await world.when(
      world.edited('configmap', 'argocd-cm', world.namespace, {
        data: { 'project.links': JSON.stringify([link]) },
      }),
    );
    await eventually(
      async () => {
        const { json, text } = await links();
        return text === '{}'
          ? pending('not yet')
          : met(assert.deepEqual(json, { items: [link] }) ?? text);
      },
      { withinMs: 20_000, signal },
    );
    await eventually(
      async () => {
        const { json } = await ask('GET', `/projects/${team}/events`, undefined, dev);
        const { items } = json as { items: readonly { reason: string; message: string }[] };
        const found = items.find(({ reason }) => reason === 'ResourceCreated');
        return found === undefined ? pending('no event') : met(found.message);
      },
      { withinMs: 20_000, signal },
    );
  });
});
