import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
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
});
