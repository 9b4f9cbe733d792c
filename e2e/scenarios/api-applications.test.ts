import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

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
    const labels = { 'app.kubernetes.io/part-of': 'argocd' };
    const config = (name: string, data: object) => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', data },
      metadata: { name, namespace: world.namespace, labels },
    });
    await world.given(
      world.applied(
        config('argocd-cm', { 'users.anonymous.enabled': 'true' }),
        config('argocd-rbac-cm', { 'policy.default': 'role:admin' }),
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
});
