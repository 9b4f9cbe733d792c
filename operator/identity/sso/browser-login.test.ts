import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { OidcIssuer } from '../../../e2e/controlplane/oidc-issuer.ts';
import { fakeProvider, signInAt } from './testing/fake-provider.ts';
import { BASE, issuer, setUp, signal, stack } from './testing/sign-in-world.ts';

after(() => stack.disposeAsync());

describe('signing in with a provider', () => {
  let provider: OidcIssuer;
  before(async () => {
    provider = await issuer();
  });

  test('a browser goes there with state, nonce and PKCE, and comes back as somebody', async () => {
    const { signIn, ask } = setUp(provider);
    const { token, returnUrl, secure } = await signIn(`${BASE}/applications?q=1`);
    assert.deepEqual([returnUrl, secure], [`${BASE}/applications?q=1`, true]);
    const asked = provider.asked.at(-1);
    assert.equal(asked?.get('code_challenge_method'), 'S256');
    assert.equal(asked?.get('scope'), 'openid profile email groups');
    assert.equal(asked?.get('redirect_uri'), `${BASE}/auth/callback`);
    assert.ok((asked?.get('state') ?? '').length >= 24 && (asked?.get('nonce') ?? '') !== '');
    const { requester, renewed } = await ask(token);
    assert.deepEqual(requester.caller, { subject: 'user-1', groups: ['team', 'ops'] });
    assert.deepEqual([requester.username, requester.issuer], ['ann@example.com', provider.url]);
    assert.equal(renewed, undefined);
  });

  test('what the settings ask for is asked of the provider', async () => {
    const claims = { groups: { essential: true } };
    const { begin } = setUp(provider, {
      requestedIDTokenClaims: claims,
      domainHint: 'example.com',
    });
    const { searchParams } = new URL((await begin()).redirect);
    assert.equal(searchParams.get('claims'), JSON.stringify({ id_token: claims }));
    assert.equal(searchParams.get('domain_hint'), 'example.com');
  });

  test('an answer counts only for the browser that asked, once, and not when it is forged', async () => {
    const { begin, browser, identity } = setUp(provider);
    const { redirect, state } = await begin();
    const other = await begin();
    const { url } = await browser.visit(redirect, { until: BASE });
    const finish = (search: URLSearchParams, cookie: string) =>
      identity.browser.finish({ search, host: 'argo.test', state: cookie }, signal);
    const refused = {
      code: 'InvalidRequest',
      message: 'state: this browser did not ask to sign in',
    };
    for (const cookie of ['', 'ff', other.state, state.replace(/^../, 'ff')])
      await assert.rejects(finish(url.searchParams, cookie), refused);
    const none = new URLSearchParams({ state: url.searchParams.get('state') ?? '' });
    await assert.rejects(finish(none, state), { message: 'code: the provider sent none' });
    const forged = new URLSearchParams(url.searchParams);
    forged.set('code', 'made up');
    const failed = { code: 'RequestFailed', message: 'the provider gave no token that counts' };
    await assert.rejects(finish(forged, state), failed);
    const iss = new URLSearchParams(url.searchParams);
    iss.set('iss', 'https://elsewhere.test');
    await assert.rejects(finish(iss, state), failed);
    await finish(url.searchParams, state);
    await assert.rejects(finish(url.searchParams, state), failed);
  });

  test('a code of somebody else is no use: its nonce and verifier are not those of this browser', async () => {
    const { begin, browser, identity } = setUp(provider);
    const theirs = await begin();
    const { url } = await browser.visit(theirs.redirect, { until: BASE });
    const mine = await begin();
    const search = new URLSearchParams({
      code: url.searchParams.get('code') ?? '',
      state: new URL(mine.redirect).searchParams.get('state') ?? '',
      iss: provider.url,
    });
    const finished = identity.browser.finish(
      { search, host: 'argo.test', state: mine.state },
      signal,
    );
    await assert.rejects(finished, { code: 'RequestFailed' });
  });

  test('an answer with the nonce of another sign-in does not count, even without PKCE', async () => {
    const given = await fakeProvider(); // says nothing of PKCE
    const world = setUp(given);
    const asked = new URL((await world.begin()).redirect).searchParams;
    assert.deepEqual([asked.has('code_challenge'), asked.has('nonce')], [false, true]);
    const refused = { code: 'RequestFailed' };
    await assert.rejects(signInAt(given, world, { nonce: 'of another' }), refused);
    await assert.rejects(signInAt(given, world, { nonce: undefined }), refused);
    await signInAt(given, world);
    const pkce = setUp(given, { enablePKCEAuthentication: true });
    const { searchParams } = new URL((await pkce.begin()).redirect);
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    await signInAt(given, pkce);
    const exchange = given.asked.findLast(({ path }) => path === '/token');
    assert.match(exchange?.body ?? '', /code_verifier=[\w-]{43}/);
  });

  test('where one may be sent is looked at once more when one comes back', async () => {
    const given = await fakeProvider();
    const more = { additionalUrls: '["https://other.test"]' };
    const world = setUp(given, {}, more);
    const { redirect, state } = await world.begin('https://other.test/a');
    const { searchParams } = new URL(redirect);
    const search = new URLSearchParams({ code: 'c', state: searchParams.get('state') ?? '' });
    world.change({ ...world.data, additionalUrls: '[]' });
    const finished = world.identity.browser.finish({ search, host: 'argo.test', state }, signal);
    await assert.rejects(finished, { code: 'InvalidRequest', message: /^return_url: / });
    assert.equal(given.countOf('/token'), 0);
  });

  test('what the provider says no with is shown', async () => {
    const { begin, browser, identity } = setUp(provider);
    const { redirect, state } = await begin();
    provider.refuse('access_denied');
    const { url } = await browser.visit(redirect, { until: BASE });
    provider.refuse(undefined);
    const answer = { search: url.searchParams, host: 'argo.test', state };
    await assert.rejects(identity.browser.finish(answer, signal), {
      code: 'InvalidRequest',
      message: 'access_denied',
    });
  });

  test('nobody is sent elsewhere afterwards', async () => {
    const { begin } = setUp(provider);
    await assert.rejects(begin('https://evil.test/'), { code: 'InvalidRequest' });
  });

  test('without a provider there is nothing, and settings count without a restart', async () => {
    const { identity, begin, change, refusal, signIn } = setUp(provider);
    const { token } = await signIn();
    assert.equal(identity.browser.isConfigured(), true);
    change({ url: BASE });
    assert.equal(identity.browser.isConfigured(), false);
    await assert.rejects(begin(), { code: 'NotFound' });
    assert.equal(await refusal(token), 'the issuer of the token is not known');
    change({ url: BASE, 'oidc.config': 'issuer: [' });
    assert.equal(identity.browser.isConfigured(), false);
  });
});
