import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { adminPassword, signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';

const signal = AbortSignal.timeout(600_000);

describe('signing in to the API', () => {
  let world: World;
  let api: ApiClient;
  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
  });
  after(() => world[Symbol.asyncDispose]());

  const userInfo = (token: string) => api.request('/api/v1/session/userinfo', { token });

  test('a first server makes a key and a password for admin, which signs in', async () => {
    const password = await adminPassword(world);
    assert.match(password, /^[0-9A-Za-z-]{16}$/);
    const answer = await api.request('/api/v1/session', {
      method: 'POST',
      body: { username: 'admin', password },
    });
    assert.equal(answer.status, 200);
    const { token } = answer.json as { token: string };
    assert.deepEqual(answer.headers.getSetCookie(), [
      `argocd.token=${token}; Path=/; HttpOnly; SameSite=Lax`,
    ]);
    const who = await userInfo(token);
    assert.deepEqual(who.json, { loggedIn: true, username: 'admin', iss: 'argocd' });
    const list = await api.request('/api/v1/applications', { token });
    assert.deepEqual([list.status, list.json], [200, { metadata: {}, items: [] }]);
    const cookie = `argocd.token=${token}`;
    const byCookie = await api.request('/api/v1/applications', { headers: { cookie } });
    assert.equal(byCookie.status, 200);
  });

  test('says the same of an unknown account and of a wrong password', async () => {
    const attempt = (body: object) => api.request('/api/v1/session', { method: 'POST', body });
    const message = 'Invalid username or password';
    for (const body of [
      { username: 'admin', password: 'wrong' },
      { username: 'nobody', password: 'wrong' },
    ]) {
      const { status, json } = await attempt(body);
      assert.deepEqual([status, json], [401, { error: message, code: 16, message }]);
    }
    const blank = await attempt({ username: 'admin', password: '' });
    assert.deepEqual([blank.status, /no credentials supplied/.test(blank.text)], [401, true]);
    assert.equal((await attempt({ token: 'a.b.c' })).status, 401);
    assert.equal((await attempt({ username: 'x'.repeat(33), password: 'y' })).status, 400);
  });

  test('nobody is not logged in, and DELETE ends nothing', async () => {
    assert.equal((await api.request('/api/v1/session/userinfo')).text, '{}');
    const token = await signIn(api, world);
    const ended = await api.request('/api/v1/session', { method: 'DELETE', token });
    assert.deepEqual([ended.status, ended.text, ended.headers.getSetCookie()], [200, '{}', []]);
    assert.equal((await userInfo(token)).text.includes('"loggedIn":true'), true);
  });

  test('a token that somebody else signed does not count', async () => {
    const token = await signIn(api, world);
    const [header = '', claims = ''] = token.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const forged of [`${header}.${claims}.AAAA`, `${none}.${claims}.`, 'a.b.c']) {
      const { status, json } = await api.request('/api/v1/applications', { token: forged });
      assert.equal(status, 401);
      assert.match((json as { message: string }).message, /^invalid session: /);
    }
  });
});
