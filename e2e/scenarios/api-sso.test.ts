import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type OidcIssuer, startOidcIssuer } from '../controlplane/oidc-issuer.ts';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { type Browser, createBrowser } from '../language/browser.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';
import { settingsMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

describe('signing in to the API with a provider', () => {
  let world: World;
  let api: ApiClient;
  let provider: OidcIssuer;
  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    const callback = `${api.url}/auth/callback`;
    const groups = [
      'team-with-a-long-name',
      ...Array.from({ length: 400 }, (_, nth) => `group-${nth}`),
    ];
    provider = await startOidcIssuer({
      clients: [{ id: 'argo', secret: 'from the Secret', redirects: [callback] }],
      user: { sub: 'ann', email: 'ann@example.com', groups },
    });
  });
  after(async () => {
    await provider[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  async function settings(name: string, data: Readonly<Record<string, string>>): Promise<void> {
    await world.given(world.applied(settingsMap(world.namespace, name, data)));
  }
  const login = (returnUrl: string) =>
    `${api.url}/auth/login?return_url=${encodeURIComponent(returnUrl)}`;
  const ask = (browser: Browser, path: string) =>
    api.request(path, { headers: { cookie: browser.cookies(api.url) } });

  test('there are no such pages without a provider', async () => {
    for (const path of ['/auth/login', '/auth/callback?code=a&state=b', '/api/dex/auth']) {
      const { status, text } = await api.request(path);
      assert.deepEqual([status, text], [404, 'Not Found\n']);
    }
  });

  test('a browser signs in, is somebody with groups, and signs out', async () => {
    await world.edited('secret', 'argocd-secret', world.namespace, {
      stringData: { 'oidc.secret': 'from the Secret' },
    })();
    await settings('argocd-rbac-cm', { 'policy.csv': 'g, team-with-a-long-name, role:readonly' });
    const oidc = {
      name: 'T',
      issuer: provider.url,
      clientID: 'argo',
      clientSecret: '$oidc.secret',
    };
    await settings('argocd-cm', { url: api.url, 'oidc.config': JSON.stringify(oidc) });
    await eventually(
      async () => {
        const { status } = await api.request('/auth/login');
        return status === 303 ? met('the page') : pending(`status ${status}`);
      },
      { withinMs: 20_000, signal },
    );
    const browser = createBrowser(signal);
    const target = `${api.url}/api/v1/session/userinfo`;
    const { status, text, url } = await browser.visit(login(target));
    assert.deepEqual([status, url.href], [200, target]);
    const who = JSON.parse(text) as { username: string; iss: string; groups: string[] };
    assert.deepEqual([who.username, who.iss], ['ann@example.com', provider.url]);
    assert.equal(who.groups.length, 401);
    const cookies = browser.cookies(api.url);
    assert.match(cookies, /argocd\.token=2:.*argocd\.token-1=/);
    assert.doesNotMatch(cookies, /argocd\.oauthstate/);
    assert.equal((await ask(browser, '/api/v1/clusters')).status, 200);
    assert.equal(
      (await ask(browser, '/api/v1/account/can-i/clusters/create/x')).text,
      '{"value":"no"}',
    );

    await browser.visit(`${api.url}/auth/logout`, { method: 'POST' });
    assert.equal((await ask(browser, '/api/v1/clusters')).status, 401);
  });

  test('signing out ends the session for whoever kept the cookie', async () => {
    const browser = createBrowser(signal);
    await browser.visit(login(`${api.url}/api/version`));
    const kept = { cookie: browser.cookies(api.url) };
    assert.equal((await api.request('/api/v1/account', { headers: kept })).status, 200);
    const out = await api.request('/auth/logout', { headers: kept });
    assert.deepEqual([out.status, out.headers.get('location')], [303, `${api.url}/`]);
    const blanked = out.headers.getSetCookie();
    assert.deepEqual(
      blanked.map((cookie) => cookie.split(';')[0]),
      ['argocd.token=', 'argocd.token-1='],
    );
    const refused = await api.request('/api/v1/account', { headers: kept });
    assert.deepEqual([refused.status, /was revoked/.test(refused.text)], [401, true]);
    assert.equal((await api.request('/auth/logout')).status, 400);
    const ours = await signIn(api, world);
    const cookie = `argocd.token=${ours}; argocd.token-3=stale`;
    const local = await api.request('/auth/logout', {
      method: 'PUT',
      headers: { cookie, 'content-type': '' },
    });
    assert.equal(local.status, 303);
    assert.equal(local.headers.getSetCookie().length, 2);
    assert.equal((await api.request('/api/v1/account', { token: ours })).status, 401);
  });

  test('nobody is led elsewhere, and no answer counts that was not asked for', async () => {
    const elsewhere = await api.request(`/auth/login?return_url=https://evil.test/`);
    assert.deepEqual([elsewhere.status, elsewhere.headers.get('location')], [400, null]);
    const unasked = await api.request('/auth/callback?code=a&state=b');
    assert.equal(unasked.status, 400);
    assert.match(unasked.text, /^state: this browser did not ask to sign in/);
    const start = await api.request('/auth/login');
    const [state = ''] = start.headers.getSetCookie();
    assert.match(
      state,
      /^argocd\.oauthstate=[0-9a-f]+; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test('a group gives what its role says, and the settings go away without a restart', async () => {
    const browser = createBrowser(signal);
    await browser.visit(login(`${api.url}/api/version`));
    assert.equal((await ask(browser, '/api/v1/clusters')).status, 200);
    await settings('argocd-cm', { url: api.url });
    await eventually(
      async () => {
        const { status } = await api.request('/auth/login');
        return status === 404 ? met('gone') : pending(`status ${status}`);
      },
      { withinMs: 20_000, signal },
    );
    assert.equal((await ask(browser, '/api/v1/clusters')).status, 401);
    assert.doesNotMatch(await world.operatorLog(), /from the Secret|eyJ/);
  });
});
