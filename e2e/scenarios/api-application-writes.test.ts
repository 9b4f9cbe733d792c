import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, argocdSettings, configMap, settingsMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const IN_CLUSTER = 'https://kubernetes.default.svc';
const FINALIZER = 'resources-finalizer.argocd.argoproj.io';

interface Seen {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly labels?: object;
    readonly annotations?: object;
    readonly finalizers?: readonly string[];
  };
  readonly spec: { readonly project: string; readonly source?: { readonly path?: string } };
  readonly status: object;
  readonly operation?: object;
}

interface Problem {
  readonly code: number;
  readonly message: string;
}

describe('Applications written over the API', () => {
  let world: World;
  let api: ApiClient;
  let repoURL: string;

  /** Everybody may do in the project `shop` what developers do, and look at `default`. */
  const policy = `
    p, role:dev, applications, get, */*, allow
    p, role:dev, applications, create, shop/*, allow
    p, role:dev, applications, update, shop/*, allow
    p, role:dev, applications, delete, shop/*, allow
    p, role:dev, applications, create, guarded/*, allow
    p, role:dev, applications, update, guarded/*, allow
    p, role:dev, applications, create, closed/*, allow
    p, role:dev, applications, get, shop/*, allow`;

  before(async () => {
    world = await startWorld({
      signal,
      operator: ['--api-port=0', '--application-namespaces=default'],
    });
    api = await apiClient(world, signal);
    repoURL = world.git.urlOf('shop');
    const rbac = settingsMap(world.namespace, 'argocd-rbac-cm', {
      ...{ 'policy.default': 'role:dev', 'policy.csv': policy },
    });
    const projects = [
      appProject(world.namespace, 'shop'),
      appProject(world.namespace, 'guarded', { sourceRepos: ['https://example.com/*'] }),
      appProject(world.namespace, 'closed', { destinations: [] }),
    ];
    await world.given(
      world.applied(
        argocdSettings(world.namespace, { 'users.anonymous.enabled': 'true' }),
        rbac,
        ...projects,
      ),
      world.repository('shop', {
        'a/a.yaml': configMap('a', 'one'),
        'b/b.yaml': configMap('b', ''),
      }),
    );
    await eventually(
      async () => {
        const { status, text } = await api.request('/api/v1/applications/x?project=shop');
        return status === 404 ? met('policies and projects are known') : pending(text);
      },
      { withinMs: 30_000, signal },
    );
  });
  after(() => world[Symbol.asyncDispose]());

  const application = (base: string, more: { spec?: object; [field: string]: unknown } = {}) => ({
    metadata: { name: world.name(base) },
    ...more,
    spec: {
      project: 'shop',
      source: { repoURL, path: 'a' },
      destination: { server: IN_CLUSTER, namespace: world.name('shop') },
      ...more.spec,
    },
  });

  async function send(method: string, path: string, body?: unknown): Promise<Seen> {
    const answer = await api.request(`/api/v1/applications${path}`, { method, body });
    assert.equal(answer.status, 200, answer.text);
    return answer.json as Seen;
  }

  async function refused(method: string, path: string, body?: unknown): Promise<[number, Problem]> {
    const answer = await api.request(`/api/v1/applications${path}`, { method, body });
    return [answer.status, answer.json as Problem];
  }

  async function exists(base: string): Promise<boolean> {
    const seen = await world.reader.get(
      'applications.argoproj.io',
      world.name(base),
      world.namespace,
      signal,
    );
    return seen !== undefined;
  }

  test('one is created as it was sent, without an operation (CVE-2023-50726)', async () => {
    const operation = {
      sync: { manifests: ['{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x"}}'] },
    };
    const status = { health: { status: 'Healthy' } };
    const created = await send('POST', '', application('one', { operation, status }));
    assert.equal(created.operation, undefined);
    assert.deepEqual(created.status, {
      health: {},
      summary: {},
      sync: { status: '', comparedTo: { source: { repoURL: '' }, destination: {} } },
    });
    await world.thenEventually(async () => {
      const events = await world.kubectl([
        ...['get', 'events', `--namespace=${world.namespace}`, '--output=json'],
        `--field-selector=reason=ResourceCreated,involvedObject.name=${world.name('one')}`,
      ]);
      const { items } = JSON.parse(events) as { items: { message: string }[] };
      return items[0]?.message === 'somebody without a token created application'
        ? met('the Event')
        : pending(JSON.stringify(items));
    });
    const again = await send('POST', '', application('one'));
    assert.equal(again.metadata.name, created.metadata.name, 'an equal one is the answer');
    const [code, { message }] = await refused(
      'POST',
      '',
      application('one', { spec: { source: { repoURL, path: 'b' } } }),
    );
    assert.equal(code, 400);
    assert.match(message, /^existing application spec is different, use upsert flag to force/);
    const upserted = await send('POST', '?upsert=true', {
      ...application('one', { spec: { source: { repoURL, path: 'b' } } }),
      metadata: { name: world.name('one'), labels: { a: 'b' } },
    });
    assert.equal(upserted.spec.source?.path, 'b');
    assert.deepEqual(upserted.metadata.labels, { a: 'b' });
  });

  const cases: readonly (readonly [name: string, more: object, status: number, says: RegExp])[] = [
    [
      'without the right',
      { project: 'default' },
      403,
      /^permission denied: applications, create, default\/no-/,
    ],
    ['in a project that there is not', { project: 'shop-2' }, 403, /create, shop-2\/no-/],
    [
      'from a repository that the project does not permit',
      { project: 'guarded' },
      400,
      /application repo .* is not permitted in project 'guarded'/,
    ],
    [
      'to a destination that the project does not permit',
      { project: 'closed' },
      400,
      /destination server .* do not match any of the allowed destinations in project 'closed'/,
    ],
    [
      'to a cluster that there is not',
      { destination: { server: 'https://nowhere', namespace: 'x' } },
      400,
      /cluster "https:\/\/nowhere" not found/,
    ],
    ['without a source', { source: null }, 400, /spec\.source\.repoURL and either/],
    [
      'that does not render',
      { source: { repoURL: 'REPO', path: 'nothing' } },
      400,
      /Unable to generate manifests: .*nothing/,
    ],
  ];
  for (const [name, spec, status, says] of cases)
    test(`none is created ${name}`, async () => {
      const body = JSON.parse(
        JSON.stringify(application('no', { spec })).replaceAll('"REPO"', JSON.stringify(repoURL)),
      ) as object;
      const [code, { message }] = await refused('POST', '', body);
      assert.equal(code, status, message);
      assert.match(message, says);
      assert.equal(await exists('no'), false);
    });

  const elsewhere = (namespace: string): object => {
    const body = application('no');
    return { ...body, metadata: { ...body.metadata, namespace } };
  };

  test('none is created where Applications are not looked at (CVE-2023-22736)', async () => {
    const [status, { message }] = await refused('POST', '', elsewhere('kube-public'));
    assert.deepEqual([status, message], [500, "namespace 'kube-public' is not permitted"]);
  });

  test('none is created in a namespace that the project does not admit (CVE-2024-31990)', async () => {
    const [status, { message }] = await refused('POST', '', elsewhere('default'));
    assert.equal(status, 400);
    assert.equal(message, 'app is not allowed in project "shop", or the project does not exist');
  });

  test('what does not render is created with validate=false, what is not permitted is not', async () => {
    const broken = application('unchecked', { spec: { source: { repoURL, path: 'nothing' } } });
    await send('POST', '?validate=false', broken);
    const [status, { message }] = await refused(
      'POST',
      '?validate=false',
      application('no', { spec: { project: 'guarded' } }),
    );
    assert.equal(status, 400);
    assert.match(message, /not permitted in project 'guarded'/);
  });

  test('PUT changes what people may say, of the one in the path, and nothing else (CVE-2023-23947)', async () => {
    const { metadata } = await send('POST', '', application('put'));
    assert.equal(metadata.labels, undefined);
    const name = world.name('put');
    const updated = await send('PUT', `/${name}`, {
      ...application('put', { spec: { source: { repoURL, path: 'b' } } }),
      metadata: { name: 'somebody-else', labels: { tier: 'web' }, finalizers: [FINALIZER] },
      operation: { sync: {} },
      status: { health: { status: 'Suspended' } },
    });
    assert.equal(updated.metadata.name, name);
    assert.deepEqual(updated.metadata.labels, { tier: 'web' });
    assert.deepEqual(updated.metadata.finalizers, [FINALIZER]);
    assert.equal(updated.operation, undefined);
    assert.doesNotMatch(JSON.stringify(updated.status), /Suspended/);
    const spec = await send('PUT', `/${name}/spec`, application('put').spec);
    assert.deepEqual(spec, application('put').spec);
    const without = await send('PUT', `/${name}`, application('put'));
    assert.equal(without.metadata.labels, undefined, 'maps are replaced, not merged');
  });

  test('who moves one to another project must be allowed to create it there (CVE-2022-24768, 1025)', async () => {
    await send('POST', '', application('moved'));
    const name = world.name('moved');
    const [status, { message }] = await refused(
      'PUT',
      `/${name}`,
      application('moved', { spec: { project: 'default' } }),
    );
    assert.equal(status, 403);
    assert.match(message, /^permission denied: applications, create, default\/moved-/);
    const [other, { message: why }] = await refused(
      'PUT',
      `/${name}/spec`,
      application('moved', { spec: { project: 'guarded' } }).spec,
    );
    assert.equal(other, 400);
    assert.match(why, /not permitted in project 'guarded'/);
    const patch = JSON.stringify([{ op: 'replace', path: '/spec/project', value: 'default' }]);
    const [third] = await refused('PATCH', `/${name}`, { patch });
    assert.equal(third, 403);
    const { spec } = await send('GET', `/${name}`);
    assert.equal(spec.project, 'shop');
  });

  test('PATCH applies a JSON patch or a merge patch, and nothing of it to status and operation', async () => {
    await send('POST', '', application('patched'));
    const name = world.name('patched');
    const json = [{ op: 'replace', path: '/spec/source/path', value: 'b' }];
    const first = await send('PATCH', `/${name}`, {
      patch: JSON.stringify(json),
      patchType: 'json',
    });
    assert.equal(first.spec.source?.path, 'b');
    const merge = { metadata: { labels: { a: 'b' } }, operation: { sync: {} } };
    const second = await send('PATCH', `/${name}?project=ignored`, {
      patch: JSON.stringify(merge),
      patchType: 'merge',
      project: 'shop',
    });
    assert.deepEqual(second.metadata.labels, { a: 'b' });
    assert.equal(second.operation, undefined);
    for (const [body, says] of [
      [{ patch: '{', patchType: 'merge' }, /patch: is not JSON/],
      [{ patch: '{}', patchType: 'strategic' }, /patchType: must be json or merge/],
      [{ patch: '[{"op":"test","path":"/spec/project","value":"x"}]' }, /./],
      [{ patch: '{"metadata":{"name":"other"}}', patchType: 'merge' }, /./],
    ] as const) {
      const [status, { message }] = await refused('PATCH', `/${name}`, body);
      assert.equal(status, 400, message);
      assert.match(message, says);
    }
  });

  test('what is not there, or not theirs, is refused without a word of it', async () => {
    for (const [method, path, body] of [
      ['PUT', '/nobody', application('x')],
      ['PUT', '/nobody/spec', application('x').spec],
      ['PATCH', '/nobody', { patch: '[]' }],
      ['DELETE', '/nobody', undefined],
    ] as const) {
      const [status, { message }] = await refused(method, path, body);
      assert.deepEqual([status, message], [403, 'permission denied'], method);
    }
  });

  test('a deletion cascades as it was asked to', async () => {
    for (const base of ['gone', 'kept', 'background']) await send('POST', '', application(base));
    const [status, { message }] = await refused(
      'DELETE',
      `/${world.name('kept')}?cascade=false&propagationPolicy=foreground`,
    );
    assert.deepEqual(
      [status, message],
      [400, 'propagationPolicy: cannot be set when cascade is false'],
    );
    const [unknown] = await refused('DELETE', `/${world.name('kept')}?propagationPolicy=orphan`);
    assert.equal(unknown, 400);
    for (const [base, query] of [
      ['kept', '?cascade=false'],
      ['gone', ''],
      ['background', '?propagationPolicy=background'],
    ])
      assert.deepEqual(await send('DELETE', `/${world.name(base ?? '')}${query}`), {});
    for (const base of ['gone', 'kept', 'background'])
      await eventually(async () => ((await exists(base)) ? pending('still there') : met('gone')), {
        withinMs: 30_000,
        signal,
      });
  });
});
