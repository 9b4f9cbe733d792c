import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { fakeProvider, GRANT, signInAt } from './testing/fake-provider.ts';
import { issuer, OFFLINE, setUp, signal, stack } from './testing/sign-in-world.ts';

after(() => stack.disposeAsync());

describe('staying signed in', () => {
  test('a token that has expired is renewed, once for all requests at a time, while the session lasts', async () => {
    const provider = await issuer({ refresh: true });
    provider.idTokensLive(60);
    const { signIn, ask, pass } = setUp(provider, OFFLINE, { 'users.session.duration': '2h' });
    const { token } = await signIn();
    provider.idTokensLive(10_000);
    pass(61_000);
    const answers = await Promise.all([ask(token), ask(token)]);
    const renewed = answers.map((answer) => answer.renewed ?? '');
    assert.notEqual(renewed[0], token);
    assert.equal(renewed[0], renewed[1]);
    assert.deepEqual(answers[0]?.requester.caller?.groups, ['team', 'ops']);
    assert.equal((await ask(renewed[0] ?? '')).renewed, undefined);
    pass(7_200_000);
    const over = { message: 'invalid session: the token has expired' };
    await assert.rejects(ask(token), over);
  });

  test('a token is not renewed after signing out', async () => {
    const provider = await issuer({ refresh: true });
    provider.idTokensLive(60);
    const { signIn, ask, pass, identity } = setUp(provider, OFFLINE);
    const { token } = await signIn();
    provider.idTokensLive(10_000);
    pass(61_000);
    await identity.browser.end({ token, host: undefined }, signal);
    await assert.rejects(ask(token), { message: 'invalid session: the token was revoked' });
  });

  test('a token is renewed before it expires', async () => {
    const provider = await issuer({ refresh: true });
    const oidc = { ...OFFLINE, refreshTokenThreshold: '50m' };
    const { signIn, ask, pass, identity, refusal } = setUp(provider, oidc);
    const { token } = await signIn();
    assert.equal((await ask(token)).renewed, undefined);
    provider.idTokensLive(4_000); // the same second and the same life would be the same token
    pass(11 * 60_000);
    const [first, second] = await Promise.all([ask(token), ask(token)]);
    const renewed = first?.renewed ?? '';
    assert.notEqual(renewed, '');
    assert.notEqual(renewed, token);
    assert.equal(first?.requester.caller?.subject, 'user-1');
    assert.equal(typeof second?.renewed, 'string');
    await identity.browser.end({ token: renewed, host: undefined }, signal);
    assert.equal(await refusal(renewed), 'the token was revoked');
  });

  test('a refresh token is used once, and the one that comes with the answer after it', async () => {
    const provider = await issuer({ refresh: true }); // gives another one each time
    provider.idTokensLive(60);
    const { signIn, ask, pass } = setUp(provider, OFFLINE);
    const { token: first } = await signIn();
    pass(61_000);
    provider.idTokensLive(130);
    const second = (await ask(first)).renewed ?? '';
    assert.notEqual(second, '');
    pass(70_000);
    provider.idTokensLive(10_000);
    const third = (await ask(second)).renewed ?? '';
    assert.ok(third !== '' && third !== second);
  });

  test('a session that was made shorter ends, although the provider would renew it', async () => {
    const provider = await issuer({ refresh: true });
    provider.idTokensLive(60);
    const settings = { 'users.session.duration': '2h' };
    const { signIn, ask, pass, change, data } = setUp(provider, OFFLINE, settings);
    const { token } = await signIn();
    provider.idTokensLive(10_000);
    pass(61_000);
    change({ ...data, 'users.session.duration': '1m' });
    await assert.rejects(ask(token), { message: 'invalid session: the token has expired' });
    change({ ...data, 'users.session.duration': '1h' });
    assert.notEqual((await ask(token)).renewed, undefined);
  });

  test('a renewed token of somebody else is not taken', async () => {
    const provider = await fakeProvider();
    const world = setUp(provider);
    const now = Math.floor(Date.now() / 1000);
    const token = await signInAt(provider, world, { exp: now + 60 }, { refresh_token: 'r' });
    world.pass(61_000);
    const over = { message: 'invalid session: the token has expired' };
    for (const claims of [{ sub: 'another' }, { aud: 'other' }]) {
      provider.grants({ ...GRANT, id_token: await provider.sign(claims) });
      await assert.rejects(world.ask(token), over);
    }
    provider.grants(undefined); // it takes the refresh token back
    await assert.rejects(world.ask(token), over);
    const id_token = await provider.sign();
    provider.grants({ ...GRANT, id_token });
    assert.equal((await world.ask(token)).renewed, id_token);
    const times = provider.countOf('/token');
    assert.equal((await world.ask(token)).renewed, id_token);
    assert.equal(provider.countOf('/token'), times, 'what another request got is as good');
  });

  test('the secret of a client goes the way that the provider takes', async () => {
    for (const [methods, inBody] of [
      [['client_secret_basic', 'client_secret_post'], false],
      [['client_secret_post'], true],
    ] as const) {
      const metadata = { token_endpoint_auth_methods_supported: methods };
      const provider = await fakeProvider({ metadata });
      await signInAt(provider, setUp(provider));
      const [{ authorization, body } = { authorization: '', body: '' }] = provider.asked.filter(
        ({ path }) => path === '/token',
      );
      assert.equal(authorization.startsWith('Basic '), !inBody);
      assert.equal(body.includes('client_secret=a+secret'), inBody, body);
    }
  });

  test('what is kept of it cannot be read', async () => {
    const provider = await issuer({ refresh: true });
    const { signIn, states } = setUp(provider, OFFLINE);
    await signIn();
    const kept = await states.get('access_token_user-1', signal);
    assert.match(kept ?? '', /^[0-9a-f]+$/);
  });
});

describe('groups that only the provider tells', () => {
  test('are asked for once', async () => {
    const provider = await issuer({ inIdToken: false });
    const { signIn, ask } = setUp(provider, { enableUserInfoGroups: true });
    const { token } = await signIn();
    assert.equal('groups' in decodeJwt(token), false);
    assert.deepEqual((await ask(token)).requester.caller?.groups, ['team', 'ops']);
    await provider[Symbol.asyncDispose]();
    assert.deepEqual((await ask(token)).requester.caller?.groups, ['team', 'ops']);
  });

  test('void a session when they cannot be had', async () => {
    const provider = await issuer({ inIdToken: false });
    const { token } = await setUp(provider).signIn();
    const elsewhere = setUp(provider, { enableUserInfoGroups: true });
    assert.match(await elsewhere.refusal(token), /the provider was not asked for groups/);
  });

  const REFUSED = 'the provider does not say who it is';

  test('void a session when they are those of somebody else, or the provider fails', async () => {
    const provider = await fakeProvider();
    const world = setUp(provider, { enableUserInfoGroups: true });
    const token = await signInAt(provider, world);
    provider.tells({ sub: 'another', groups: ['admins'] });
    assert.equal(await world.refusal(token), REFUSED);
    provider.tells({ groups: ['admins'] });
    assert.equal(await world.refusal(token), REFUSED);
    provider.tells(undefined);
    assert.equal(await world.refusal(token), REFUSED);
    provider.tells({ sub: 'u', groups: ['team'], aud: 'x' });
    const { caller } = (await world.ask(token)).requester;
    assert.deepEqual(caller, { subject: 'u', groups: ['team'] });
  });

  test('are asked for where the settings say, and again when they are too old or somebody signs in', async () => {
    const provider = await fakeProvider();
    const path = '/userinfo/of/theirs';
    const oidc = { enableUserInfoGroups: true, userInfoPath: path, userInfoCacheExpiration: '5m' };
    const world = setUp(provider, oidc);
    const groupsOf = async (token: string) => (await world.ask(token)).requester.caller?.groups;
    provider.tells({ sub: 'u', groups: ['one'] });
    const token = await signInAt(provider, world);
    assert.deepEqual(await groupsOf(token), ['one']);
    assert.equal(provider.asked.at(-1)?.authorization, 'Bearer access');
    provider.tells({ sub: 'u', groups: ['two'] });
    world.pass(299_000);
    assert.deepEqual(await groupsOf(token), ['one']);
    world.pass(1_000);
    assert.deepEqual(await groupsOf(token), ['two']);
    provider.tells({ sub: 'u', groups: ['three'] });
    assert.deepEqual(await groupsOf(await signInAt(provider, world)), ['three']);
    assert.deepEqual([provider.countOf(path), provider.countOf('/userinfo')], [3, 0]);
  });
});
