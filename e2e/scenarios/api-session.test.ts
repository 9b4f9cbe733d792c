import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { adminPassword, signIn } from '../language/sign-in.ts';
import { eventually, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSettings } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

let world: World;
let api: ApiClient;
let other: ApiClient;
before(async () => {
  world = await startWorld({ signal, operator: false });
  // Both find nothing, and make what is missing at the same time.
  world.startOperator(['--api-port=0']);
  world.startOperator(['--api-port=0'], 'second');
  api = await apiClient(world, signal);
  other = await apiClient(world, signal, 'second');
});
after(() => world[Symbol.asyncDispose]());

const userInfo = (token: string) => api.request('/api/v1/session/userinfo', { token });

describe('signing in to the API', () => {
  test('servers that start together agree on the key and on the password', async () => {
    const token = await signIn(other, world);
    assert.match((await userInfo(token)).text, /"loggedIn":true/);
    const theirs = await signIn(api, world);
    assert.equal((await other.request('/api/v1/applications', { token: theirs })).status, 200);
  });

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
      `argocd.token=${token}; Path=/; HttpOnly; Secure; SameSite=Lax`,
    ]);
    const who = await userInfo(token);
    assert.deepEqual(who.json, { loggedIn: true, username: 'admin', iss: 'argocd' });
    const list = await api.request('/api/v1/applications', { token });
    assert.equal(list.status, 200);
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

describe('accounts', () => {
  let admin: string;
  let bot: string;
  let older: string;
  const put = (body: object, token: string) =>
    api.request('/api/v1/account/password', { method: 'PUT', body, token });
  const messageOf = (json: unknown) => (json as { message: string }).message;

  before(async () => {
    const data = { 'accounts.dev': 'login', 'accounts.bot': 'apiKey' };
    await world.given(world.applied(argocdSettings(world.namespace, data)));
    admin = await signIn(api, world);
    await eventually(
      async () => {
        const { status } = await api.request('/api/v1/account/bot', { token: admin });
        return status === 200 ? met('the account') : pending(`status ${status}`);
      },
      { withinMs: 20_000, signal },
    );
  });

  test('admin gives a password to one, and a token to another', async () => {
    const password = await adminPassword(world);
    const change = { name: 'dev', newPassword: 'first-pass', currentPassword: password };
    const wrong = await put({ ...change, currentPassword: 'wrong' }, admin);
    assert.deepEqual(
      [wrong.status, messageOf(wrong.json)],
      [400, 'current password does not match'],
    );
    const weak = await put({ ...change, newPassword: 'short' }, admin);
    const words = 'new password does not match the following expression: ^.{8,32}$.';
    assert.deepEqual([weak.status, messageOf(weak.json)], [500, words]);
    assert.deepEqual((await put(change, admin)).json, {});
    const path = '/api/v1/account/bot/token';
    const made = await api.request(path, { method: 'POST', body: { id: 'ci' }, token: admin });
    bot = (made.json as { token: string }).token;
    assert.deepEqual((await userInfo(bot)).json, {
      loggedIn: true,
      username: 'bot',
      iss: 'argocd',
    });
    const again = await api.request(path, { method: 'POST', body: { id: 'ci' }, token: admin });
    const taken = "account already has token with id 'ci'";
    assert.deepEqual([again.status, messageOf(again.json)], [500, taken]);
    const quoted = { expiresIn: '60' };
    const refused = await api.request(path, { method: 'POST', body: quoted, token: admin });
    assert.equal(refused.status, 400);
    const people = '/api/v1/account/dev/token';
    const none = await api.request(people, { method: 'POST', body: {}, token: admin });
    const cannot = "account 'dev' does not have apiKey capability";
    assert.deepEqual([none.status, messageOf(none.json)], [500, cannot]);
  });

  test('everybody sees the own account, and admin all of them, without secrets', async () => {
    const all = await api.request('/api/v1/account', { token: admin });
    const { items } = all.json as { items: { name: string; tokens?: { id: string }[] }[] };
    assert.deepEqual(
      items.map(({ name, tokens = [] }) => [name, tokens.map(({ id }) => id)]),
      [
        ['admin', []],
        ['bot', ['ci']],
        ['dev', []],
      ],
    );
    assert.doesNotMatch(all.text, /\$2[aby]\$|password/i);
    const dev = await signIn(api, world, { username: 'dev', password: 'first-pass' });
    older = dev;
    const mine = await api.request('/api/v1/account', { token: dev });
    assert.deepEqual(mine.json, {
      items: [{ name: 'dev', enabled: true, capabilities: ['login'] }],
    });
    assert.equal((await api.request('/api/v1/account/dev', { token: dev })).status, 200);
    for (const name of ['bot', 'nobody']) {
      const { status, json } = await api.request(`/api/v1/account/${name}`, { token: dev });
      assert.equal(status, 403);
      assert.match(
        messageOf(json),
        new RegExp(`^permission denied: accounts, get, ${name}, sub: dev`),
      );
    }
    const missing = await api.request('/api/v1/account/nobody', { token: admin });
    assert.equal(missing.status, 404);
    const token = { method: 'POST', body: {}, token: dev };
    assert.equal((await api.request('/api/v1/account/bot/token', token)).status, 403);
    const others = { name: 'bot', newPassword: 'x-x-x-x-x', currentPassword: 'first-pass' };
    assert.equal((await put(others, dev)).status, 403);
  });

  test('a new password ends what was signed in with the old one', async () => {
    const dev = await signIn(api, world, { username: 'dev', password: 'first-pass' });
    const change = { newPassword: 'second-pass', currentPassword: 'first-pass' };
    assert.equal((await put(change, dev)).status, 200);
    // Tokens know whole seconds: this one is from before the sign-in, which took its time.
    const refused = await api.request('/api/v1/account', { token: older });
    const words = 'invalid session: account password has changed since token issued';
    assert.deepEqual([refused.status, messageOf(refused.json)], [401, words]);
    await signIn(api, world, { username: 'dev', password: 'second-pass' });
  });

  test('a token that is deleted counts no more, at once', async () => {
    const remove = (id: string) =>
      api.request(`/api/v1/account/bot/token/${id}`, { method: 'DELETE', token: bot });
    assert.equal((await remove('other')).status, 404);
    assert.deepEqual((await remove('ci')).json, {});
    assert.equal((await api.request('/api/v1/account', { token: bot })).status, 401);
  });

  test('what one may do can be asked, as pages ask it', async () => {
    const ask = async (question: string, token: string) =>
      (await api.request(`/api/v1/account/can-i/${question}`, { token })).text;
    const dev = await signIn(api, world, { username: 'dev', password: 'second-pass' });
    const yes = '{"value":"yes"}';
    const no = '{"value":"no"}';
    assert.equal(await ask(`applications/sync/default/${world.namespace}/app`, admin), yes);
    assert.equal(await ask(`applications/rollback/default/app`, admin), yes);
    assert.equal(await ask('applications/sync/default/app', dev), no);
    assert.equal(await ask('accounts/update/dev', dev), no);
    assert.match(await ask('rockets/get/x', admin), /resource: \\"rockets\\" is unknown/);
    assert.match(await ask('applications/update%2Fapps/x', admin), /action: .* is unknown/);
    assert.equal((await api.request('/api/v1/account/can-i/clusters/get/x')).status, 401);
  });

  test('a change is an Event on the Secret, without what was set', async () => {
    await eventually(
      async () => {
        const args = ['get', 'events', '-n', world.namespace, '-o', 'json'];
        const events = await world.kubectl(args);
        if (!events.includes('admin changed the password of account dev'))
          return pending('no event');
        assert.doesNotMatch(events, /first-pass|second-pass|eyJ/);
        return met('the event');
      },
      { withinMs: 20_000, signal },
    );
    const log = await world.operatorLog();
    assert.doesNotMatch(log, /first-pass|second-pass|eyJ/);
    assert.equal(log.includes(await adminPassword(world)), false);
  });
});

describe('what somebody follows', () => {
  test('ends within seconds with the session, and says so; of others it goes on', async () => {
    const admin = await signIn(api, world);
    const currentPassword = await adminPassword(world);
    const send = async (method: string, path: string, body: object, token = admin) => {
      const answer = await api.request(`/api/v1${path}`, { method, body, token });
      assert.equal(answer.status, 200, answer.text);
      return (answer.json as { token?: string }).token ?? '';
    };
    const accounts = (extra: Readonly<Record<string, string>>) =>
      world.applied(
        argocdSettings(world.namespace, {
          ...{ 'accounts.eve': 'login', 'accounts.out': 'login', 'accounts.bot': 'apiKey' },
          ...extra,
        }),
      );
    await world.given(accounts({}));
    await eventually(
      async () => {
        const { status } = await api.request('/api/v1/account/out', { token: admin });
        return status === 200 ? met('the account') : pending(`status ${status}`);
      },
      { withinMs: 20_000, signal },
    );
    for (const name of ['eve', 'out'])
      await send('PUT', '/account/password', { name, newPassword: 'first-pass', currentPassword });
    await send('POST', '/projects', {
      project: { metadata: { name: 'team' }, spec: { roles: [{ name: 'ci' }] } },
    });
    const tokens = {
      'left by /auth/logout': await signIn(api, world),
      'got a new password': await signIn(api, world, { username: 'eve', password: 'first-pass' }),
      'was disabled': await signIn(api, world, { username: 'out', password: 'first-pass' }),
      'lost its token': await send('POST', '/account/bot/token', { id: 'streams' }),
      'lost its token of a project': await send('POST', '/projects/team/roles/ci/token', {
        id: 'streams',
      }),
    };
    const ended = new Map<string, string>();
    const follow = async (who: string, token: string): Promise<() => Promise<void>> => {
      const response = await fetch(`${api.url}/api/v1/stream/applications`, {
        ...{ signal, headers: { authorization: `Bearer ${token}` } },
      });
      assert.equal(response.status, 200);
      return async () => {
        ended.set(who, await response.text());
      };
    };
    const stays = await follow('admin', admin);
    void stays().catch(() => {}); // cut off when the world ends
    const streams = await Promise.all(
      Object.entries(tokens).map(([who, token]) => follow(who, token)),
    );
    const all = Promise.all(streams.map((untilItEnds) => untilItEnds()));
    // Tokens know whole seconds: the new password must be of a later one.
    await signIn(api, world);
    const cookie = `argocd.token=${tokens['left by /auth/logout']}`;
    await api.request('/auth/logout', { method: 'POST', headers: { cookie } });
    const change = { name: 'eve', newPassword: 'second-pass', currentPassword };
    await send('PUT', '/account/password', change);
    await send('DELETE', '/account/bot/token/streams', {});
    await send('DELETE', '/projects/team/roles/ci/token/0?id=streams', {});
    await world.given(accounts({ 'accounts.out.enabled': 'false' }));
    await all;
    assert.deepEqual([...ended.keys()].toSorted(), Object.keys(tokens).toSorted());
    for (const [who, text] of ended)
      assert.match(text, /\{"error":\{"grpc_code":16,"http_code":401,"message":"[^"]+",/, who);
  });
});
