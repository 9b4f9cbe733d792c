import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, settingsMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

describe('the API, asked by somebody without a token', () => {
  let world: World;
  let api: ApiClient;
  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
  });
  after(() => world[Symbol.asyncDispose]());

  async function settings(name: string, data: Readonly<Record<string, string>>): Promise<void> {
    await world.given(world.applied(settingsMap(world.namespace, name, data)));
  }

  test('tells its version to anybody, and nothing else', async () => {
    const version = await api.request('/api/version');
    assert.equal(version.status, 200);
    assert.match(version.text, /^\{"Version":"[^"]+"\}$/);
    const refused = await api.request('/api/v1/applications');
    assert.equal(refused.status, 401);
    const message = 'no session information';
    assert.deepEqual(refused.json, { error: message, code: 16, message, hint: 'Sign in again.' });
    const unknown = await api.request('/api/v1/nothing');
    assert.deepEqual([unknown.status, unknown.text], [404, 'Not Found\n']);
    const verb = await api.request('/api/version', { method: 'DELETE' });
    assert.equal(verb.status, 405);
  });

  test('shows what everybody may see, once anonymous access is enabled', async () => {
    await world.given(
      world.repository('shown', { 'a.yaml': configMap('a', 'one') }),
      world.application('shown', { repoURL: world.git.urlOf('shown') }).created(),
    );
    const name = world.name('shown');
    await settings('argocd-cm', { 'users.anonymous.enabled': 'true' });
    await eventually(
      async () => {
        const { status, json } = await api.request('/api/v1/applications');
        if (status !== 200) return pending(`status ${status}`);
        assert.deepEqual((json as { items: unknown }).items, []);
        return met('an empty list');
      },
      { withinMs: 20_000, signal },
    );
    const hidden = await api.request(`/api/v1/applications/${name}`);
    assert.deepEqual([hidden.status, hidden.text], [403, refusal('permission denied')]);
    await settings('argocd-rbac-cm', { 'policy.default': 'role:readonly' });
    await eventually(
      async () => {
        const { json } = await api.request('/api/v1/applications');
        const { items } = json as { items: { metadata: { name: string } }[] };
        return items.length === 0 ? pending('nothing yet') : met(items[0]?.metadata.name ?? '');
      },
      { withinMs: 20_000, signal },
    );
    const one = await api.request(`/api/v1/applications/${name}?project=default`);
    assert.equal(one.status, 200);
    const { metadata, spec } = one.json as { metadata: { name: string }; spec: object };
    assert.deepEqual([metadata.name, 'destination' in spec], [name, true]);
    const missing = await api.request('/api/v1/applications/nobody?project=default');
    assert.equal(missing.status, 404);
    assert.match(missing.text, /applications\.argoproj\.io \\"nobody\\" not found/);
    const bare = await api.request('/api/v1/applications/nobody');
    assert.deepEqual([bare.status, bare.text], [403, refusal('permission denied')]);
  });
});

function refusal(message: string): string {
  return JSON.stringify({ error: message, code: 7, message });
}
