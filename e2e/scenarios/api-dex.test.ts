import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../controlplane/free-port.ts';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { type Browser, createBrowser } from '../language/browser.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSettings } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

interface Claims {
  readonly exp?: number;
  readonly iat?: number;
  readonly federated_claims?: object;
}

describe('signing in to the API with Dex', () => {
  let world: World;
  let api: ApiClient;
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-dex-test-'));
    const program = join(dir, 'dex');
    const standIn = join(import.meta.dirname, '../controlplane/dex-stand-in.ts');
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${standIn}' "$@"\n`);
    await chmod(program, 0o700);
    const listen = `127.0.0.1:${await freePort()}`;
    const operator = ['--api-port=0', `--dex=${program}`, `--dex-server=${listen}`];
    world = await startWorld({ signal, operator });
    api = await apiClient(world, signal);
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  async function settings(data: Readonly<Record<string, string>>): Promise<void> {
    await world.given(world.applied(argocdSettings(world.namespace, data)));
  }
  const ask = (browser: Browser, path: string) =>
    api.request(path, { headers: { cookie: browser.cookies(api.url) } });
  function claimsOf(browser: Browser): Claims {
    const token = /argocd\.token=([^;]+)/.exec(browser.cookies(api.url))?.[1] ?? '';
    const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    return JSON.parse(claims === '' ? '{}' : claims) as Claims;
  }
  const discovery = () => api.request('/api/dex/.well-known/openid-configuration');
  const dex = (expiry: string) =>
    settings({
      url: api.url,
      'dex.config': `connectors: []\nexpiry: {idTokens: ${expiry}}`,
      'dex.auth.connectorId': 'ldap',
    });
  async function answersWith(status: number): Promise<void> {
    await eventually(
      async () => {
        const answer = await discovery();
        return answer.status === status ? met('it') : pending(`status ${answer.status}`);
      },
      { withinMs: 30_000, signal },
    );
  }

  test('Dex is not there until the settings want it, and then answers at our address', async () => {
    assert.equal((await discovery()).status, 404);
    await dex('1h');
    await answersWith(200);
    const { issuer } = (await discovery()).json as { issuer: string };
    assert.equal(issuer, `${api.url}/api/dex`);
  });

  test('a browser signs in by the connector that is set, as the user that Dex names', async () => {
    const browser = createBrowser(signal);
    const target = encodeURIComponent(`${api.url}/api/v1/session/userinfo`);
    const { status, text } = await browser.visit(`${api.url}/auth/login?return_url=${target}`);
    assert.equal(status, 200, text);
    const who = JSON.parse(text) as object;
    const wanted = { loggedIn: true, username: 'ann@example.com', iss: `${api.url}/api/dex` };
    assert.deepEqual(who, { ...wanted, groups: ['team'] });
    const refused = await ask(browser, '/api/v1/projects/none');
    assert.match(refused.text, /permission denied: projects, get, none, sub: ann,/);
    const { federated_claims } = claimsOf(browser);
    assert.deepEqual(federated_claims, { connector_id: 'ldap', user_id: 'ann' });
  });

  test('other settings are another Dex; a token that expires is renewed', async () => {
    await dex('3s');
    const browser = createBrowser(signal);
    await eventually(
      async () => {
        await browser.visit(`${api.url}/auth/login?return_url=${api.url}/api/version`);
        const { exp = 0, iat = 0 } = claimsOf(browser);
        return exp - iat === 3 ? met('short tokens') : pending(`${exp - iat} s`);
      },
      { withinMs: 30_000, signal },
    );
    await eventually(
      async () => {
        const { status, headers } = await ask(browser, '/api/v1/account');
        assert.equal(status, 200);
        return headers.getSetCookie().length > 0 ? met('renewed') : pending('not yet');
      },
      { withinMs: 30_000, signal },
    );
  });

  test('Dex goes with its settings', async () => {
    await settings({ url: api.url });
    await answersWith(404);
    assert.equal((await api.request('/auth/login')).status, 404);
  });
});
