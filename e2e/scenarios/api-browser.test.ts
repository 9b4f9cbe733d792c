import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Browser, launch, type Page } from 'puppeteer-core';
import { type OidcIssuer, startOidcIssuer } from '../controlplane/oidc-issuer.ts';
import { resolveSystemProgram } from '../controlplane/system-programs.ts';
import { progressToStderr } from '../controlplane/tool-cache.ts';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';

const signal = AbortSignal.timeout(600_000);

/** As root, and without asking anybody on the network for anything. */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
];

describe('Chromium, which keeps cookies as browsers do', () => {
  let world: World;
  let api: ApiClient;
  let provider: OidcIssuer;
  let browser: Browser;
  let page: Page;
  before(async () => {
    const executablePath = await resolveSystemProgram('chromium', {
      ...{ env: process.env, log: progressToStderr, signal },
    });
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    provider = await startOidcIssuer({
      clients: [{ id: 'argo', secret: 'from the Secret', redirects: [`${api.url}/auth/callback`] }],
      user: { sub: 'ann', email: 'ann@example.com', groups: ['team'] },
    });
    const settings = { name: 'argocd-cm', namespace: world.namespace };
    const labels = { 'app.kubernetes.io/part-of': 'argocd' };
    const oidc = {
      ...{ name: 'T', issuer: provider.url, clientID: 'argo', clientSecret: '$oidc.secret' },
      enablePKCEAuthentication: true,
    };
    await world.given(
      world.edited('secret', 'argocd-secret', world.namespace, {
        stringData: { 'oidc.secret': 'from the Secret' },
      }),
    );
    await world.given(
      world.applied({
        ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...settings, labels } },
        data: { url: api.url, 'oidc.config': JSON.stringify(oidc) },
      }),
    );
    await eventually(
      async () => {
        const { status } = await api.request('/auth/login');
        return status === 303 ? met('the page') : pending(`status ${status}`);
      },
      { withinMs: 20_000, signal },
    );
    browser = await launch({ executablePath, args: FLAGS, acceptInsecureCerts: true });
    page = await browser.newPage();
  });
  after(async () => {
    await browser.close();
    await provider[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  const text = async (): Promise<string> => String(await page.evaluate('document.body.innerText'));
  /** What a script of the page gets. */
  const fetched = async (path: string, init = '{}'): Promise<number> =>
    Number(await page.evaluate(`fetch(${JSON.stringify(path)}, ${init}).then((r) => r.status)`));

  test('signs in at the provider and comes back to where it wanted to go', async () => {
    const target = `${api.url}/api/v1/session/userinfo`;
    await page.goto(`${api.url}/auth/login?return_url=${encodeURIComponent(target)}`);
    assert.equal(page.url(), target);
    const who = JSON.parse(await text()) as { username: string; iss: string };
    assert.deepEqual([who.username, who.iss], ['ann@example.com', provider.url]);
  });

  test('keeps the token where no script of a page can read it', async () => {
    assert.equal(await page.evaluate('document.cookie'), '');
    const cookies = await browser.cookies();
    const token = cookies.find(({ name }) => name === 'argocd.token');
    const { httpOnly, secure, sameSite, session } = token ?? {};
    assert.deepEqual([httpOnly, secure, sameSite, session], [true, true, 'Lax', true]);
  });

  test('is let in by it, and changes nothing with a form that another page could send', async () => {
    assert.equal(await fetched('/api/v1/applications'), 200);
    const form = "{ method: 'POST', body: new URLSearchParams({ name: 'x' }) }";
    assert.equal(await fetched('/api/v1/projects', form), 415);
  });

  test('is nobody any more once it has signed out', async () => {
    await page.goto(`${api.url}/auth/logout`);
    await page.goto(`${api.url}/api/v1/session/userinfo`);
    assert.equal(await text(), '{}');
    assert.equal(await fetched('/api/v1/applications'), 401);
    const left = (await browser.cookies()).filter(({ value }) => value !== '');
    assert.deepEqual(
      left.filter(({ name }) => name.startsWith('argocd.')),
      [],
    );
  });
});
