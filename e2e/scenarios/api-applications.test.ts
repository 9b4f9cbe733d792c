import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSettings, configMap, settingsMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

interface Listed {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

describe('Applications over the API', () => {
  let world: World;
  let api: ApiClient;
  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    await world.given(
      world.applied(
        argocdSettings(world.namespace, { 'users.anonymous.enabled': 'true' }),
        settingsMap(world.namespace, 'argocd-rbac-cm', { 'policy.default': 'role:admin' }),
      ),
      world.repository('shop', { 'a.yaml': configMap('a', 'one') }),
    );
    const source = { repoURL: world.git.urlOf('shop') };
    const web = world.application('web', source);
    const object = web.object as { metadata: object };
    await world.given(
      world.applied({ ...object, metadata: { ...object.metadata, labels: { tier: 'web' } } }),
      world.application('db', source).created(),
    );
    await eventually(
      async () => {
        const { status, json } = await api.request('/api/v1/applications');
        const { items = [] } = (json ?? {}) as Partial<Listed>;
        return items.length === 2 ? met('both are listed') : pending(`${status}: ${items.length}`);
      },
      { withinMs: 30_000, signal },
    );
  });
  after(() => world[Symbol.asyncDispose]());

  async function names(query: string): Promise<readonly string[]> {
    const { status, json, text } = await api.request(`/api/v1/applications?${query}`);
    assert.equal(status, 200, text);
    return (json as Listed).items.map(({ metadata }) => metadata.name);
  }

  test('are listed by name, and chosen by labels, name, project and repository', async () => {
    const both = [world.name('db'), world.name('web')];
    assert.deepEqual(await names(''), both);
    assert.deepEqual(await names('selector=tier+in+(web,db)'), [world.name('web')]);
    assert.deepEqual(await names('selector=!tier'), [world.name('db')]);
    assert.deepEqual(await names(`name=${world.name('db')}`), [world.name('db')]);
    assert.deepEqual(await names('projects=other&projects=default'), both);
    assert.deepEqual(await names('projects=default&project=other'), []);
    assert.deepEqual(await names(`repo=${encodeURIComponent(world.git.urlOf('shop'))}`), both);
    assert.deepEqual(await names('repo=https://example.com/other'), []);
    assert.deepEqual(await names('appNamespace=elsewhere'), []);
    const broken = await api.request('/api/v1/applications?selector=tier+in+web');
    assert.equal(broken.status, 500);
    assert.match(broken.text, /"code":2,"message":"selector .*expected '\('"/);
  });

  test('are listed with the fields that are wanted, and with the version of the list', async () => {
    const fields = 'metadata.resourceVersion,items.metadata.name,items.spec.project';
    const { json } = await api.request(`/api/v1/applications?fields=${fields}`);
    const { metadata, items } = json as Listed;
    assert.match(metadata.resourceVersion, /^\d+$/);
    const wanted = (name: string) => ({ metadata: { name }, spec: { project: 'default' } });
    assert.deepEqual(items, [wanted(world.name('db')), wanted(world.name('web'))]);
  });

  test('a refresh answers with what was found, also when the parameter is empty', async () => {
    const path = `/api/v1/applications/${world.name('web')}`;
    for (const refresh of ['', 'normal', 'hard']) {
      const before = Date.now();
      const { status, json, text } = await api.request(`${path}?refresh=${refresh}`);
      assert.equal(status, 200, text);
      const { metadata, status: found } = json as {
        metadata: { annotations?: Record<string, string> };
        status: { reconciledAt: string; sync: { status: string } };
      };
      assert.equal(metadata.annotations?.['argocd.argoproj.io/refresh'], undefined);
      assert.equal(found.sync.status, 'OutOfSync');
      assert.ok(Date.parse(found.reconciledAt) >= before - 1000, found.reconciledAt);
    }
    const two = await api.request(`${path}?projects=a&projects=b`);
    assert.deepEqual([two.status, (two.json as { code: number }).code], [400, 3]);
  });

  /** Lines of a stream, as they come. */
  async function* stream(query: string, accept = '*/*'): AsyncGenerator<string> {
    const stop = new AbortController();
    const url = `${api.url}/api/v1/stream/applications?${query}`;
    const response = await fetch(url, {
      headers: { accept },
      signal: AbortSignal.any([signal, stop.signal]),
    });
    assert.equal(response.status, 200);
    let rest = '';
    try {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
    } finally {
      stop.abort();
    }
  }

  const NAMES = 'fields=result.type,result.application.metadata.name';

  test('are followed from a list on, and what says the same again is not sent', async () => {
    const { json } = await api.request('/api/v1/applications');
    const { resourceVersion } = (json as Listed).metadata;
    const label = (name: string, value: string) =>
      world.edited('applications.argoproj.io', world.name(name), world.namespace, {
        metadata: { labels: { value } },
      });
    await world.when(label('web', '1'));
    const lines = stream(`resourceVersion=${resourceVersion}&${NAMES}`);
    const told = (type: string, name: string): string =>
      JSON.stringify({ result: { type, application: { metadata: { name: world.name(name) } } } });
    assert.equal((await lines.next()).value, told('MODIFIED', 'web'), 'what came before it began');
    await world.when(label('web', '2'), label('web', '3'), label('db', '1'));
    assert.equal((await lines.next()).value, told('MODIFIED', 'db'), 'web says nothing new');
    const extra = world.application('extra', { repoURL: world.git.urlOf('shop') });
    await world.when(extra.created());
    assert.equal((await lines.next()).value, told('ADDED', 'extra'));
    await world.when(extra.deleted());
    let last = '';
    while (!last.includes('DELETED')) last = String((await lines.next()).value);
    assert.equal(last, told('DELETED', 'extra'));
    await lines.return(undefined);
  });

  test('are followed as server-sent events, of one of them from what it is now', async () => {
    const lines = stream(
      `name=${world.name('web')}&resourceVersion=999999&${NAMES}`,
      'text/event-stream',
    );
    const { value } = await lines.next();
    const wanted = { type: 'ADDED', application: { metadata: { name: world.name('web') } } };
    assert.equal(value, `data: ${JSON.stringify({ result: wanted })} `);
    await lines.return(undefined);
    const broken = await api.request('/api/v1/stream/applications?selector=a+b');
    assert.equal(broken.status, 500);
  });

  test('ApplicationSets are not there, in words that clients know', async () => {
    const list = await api.request('/api/v1/applicationsets');
    assert.deepEqual([list.status, list.json], [200, { metadata: {}, items: [] }]);
    const one = await api.request('/api/v1/applicationsets/x');
    const message = 'ApplicationSets are not implemented';
    assert.deepEqual([one.status, (one.json as { code: number }).code], [501, 12]);
    assert.equal((one.json as { error: string }).error, message);
    const made = await api.request('/api/v1/applicationsets', { method: 'POST', body: {} });
    assert.equal(made.status, 501);
  });
});
