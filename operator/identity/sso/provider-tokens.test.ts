import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt, generateKeyPair, SignJWT } from 'jose';
import type { OidcIssuer } from '../../../e2e/controlplane/oidc-issuer.ts';
import { BASE, FAILED, issuer, KEY, setUp, signal, stack } from './testing/sign-in-world.ts';
import { fakeProvider } from './testing/fake-provider.ts';

after(() => stack.disposeAsync());

const DISCOVERY = '/.well-known/openid-configuration';

describe('ID tokens', () => {
  let provider: OidcIssuer;
  before(async () => {
    provider = await issuer();
  });

  test('of the CLI count too, those for other clients do not', async () => {
    const forCli = await setUp(provider, { allowedAudiences: ['cli', 'argo'] }).signIn();
    assert.equal(await setUp(provider).refusal(forCli.token), 'none');
    const other = setUp(provider, { clientID: 'other', clientSecret: 'b' });
    const { token } = await other.signIn();
    assert.equal(await other.refusal(token), 'none');
    assert.equal(await setUp(provider).refusal(token), FAILED);
    assert.equal(await setUp(provider, { allowedAudiences: ['other'] }).refusal(token), 'none');
  });

  test('that somebody else signed, or nobody, do not count', async () => {
    const { refusal, signIn } = setUp(provider);
    const { token } = await signIn();
    const claims = { ...decodeJwt(token) };
    const { privateKey } = await generateKeyPair('RS256');
    const [header = ''] = token.split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
    const signed = (alg: string, key: Parameters<SignJWT['sign']>[0]) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key);
    const none = [{ alg: 'none' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    assert.equal(await refusal(await signed('RS256', privateKey)), FAILED);
    for (const secret of ['a secret', KEY, ''.padEnd(32, 'x')])
      assert.equal(await refusal(await signed('HS256', new TextEncoder().encode(secret))), FAILED);
    assert.equal(await refusal(`${none}.`), FAILED);
    assert.equal(await refusal(`${token.slice(0, -8)}AAAAAAAA`), FAILED);
    assert.equal(await refusal(token), 'none');
  });

  test('with an audience of nobody count only when the settings say so', async () => {
    const given = await fakeProvider();
    const { sign } = given;
    const without = await sign({ aud: undefined });
    assert.equal(await setUp(given).refusal(without), FAILED);
    const lenient = setUp(given, { skipAudienceCheckWhenTokenHasNoAudience: true });
    assert.equal(await lenient.refusal(without), 'none');
    assert.equal(await lenient.refusal(await sign({ aud: 'somebody' })), FAILED);
    assert.equal(await lenient.refusal(await sign({ aud: ['x', 'argo'] })), 'none');
    assert.equal(await lenient.refusal(await sign({ aud: 'argo', iss: 'https://other' })), FAILED);
    for (const sub of ['proj:shop:ci', 'role:admin', ''])
      assert.equal(await lenient.refusal(await sign({ sub })), FAILED, sub);
    const federated = await sign({ aud: 'argo', federated_claims: { user_id: 'ann' } });
    assert.equal((await lenient.ask(federated)).requester.caller?.subject, 'ann');
  });

  test('are never believed for what everybody knows: the public key is no shared secret', async () => {
    const algorithms = ['HS256', 'none', 'RS256'];
    const given = await fakeProvider({
      metadata: { id_token_signing_alg_values_supported: algorithms },
    });
    const { refusal } = setUp(given);
    const good = await given.sign();
    assert.equal(await refusal(good), 'none');
    const claims = decodeJwt(good);
    for (const secret of [given.publicKey, given.publicKey.trim(), 'a secret'])
      for (const header of [{ alg: 'HS256' }, { alg: 'HS256', kid: 'k' }]) {
        const forged = new SignJWT(claims).setProtectedHeader(header);
        assert.equal(await refusal(await forged.sign(new TextEncoder().encode(secret))), FAILED);
      }
    const none = [{ alg: 'none', kid: 'k' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    assert.equal(await refusal(`${none}.`), FAILED);
  });

  test('that never expire do not count, and one that has tells nothing when it was for others', async () => {
    const given = await fakeProvider();
    const { refusal } = setUp(given);
    assert.equal(await refusal(await given.sign({ exp: undefined })), FAILED);
    const past = { iat: 1_000, exp: 2_000 };
    assert.equal(await refusal(await given.sign(past)), 'the token has expired');
    assert.equal(await refusal(await given.sign({ ...past, aud: 'somebody' })), FAILED);
  });

  test('that are wrong do not make us ask for keys again and again', async () => {
    const given = await fakeProvider();
    const { refusal, pass } = setUp(given);
    assert.equal(await refusal(await given.sign()), 'none');
    const before = given.countOf('/keys');
    const { privateKey } = await generateKeyPair('RS256');
    const wrong = (kid: string) =>
      new SignJWT({ iss: given.url, sub: 'u', aud: 'argo' })
        .setProtectedHeader({ alg: 'RS256', kid })
        .setExpirationTime('1h')
        .sign(privateKey);
    for (const kid of ['k', 'other', 'another', 'k'])
      assert.equal(await refusal(await wrong(kid)), FAILED);
    assert.equal(given.countOf('/keys'), before + 1);
    pass(5_000);
    assert.equal(await refusal(await wrong('k')), FAILED);
    assert.equal(given.countOf('/keys'), before + 2);
  });

  test('count on while the provider is away, and are checked by what it says once it is back', async (context) => {
    const given = await fakeProvider();
    const { refusal, pass } = setUp(given);
    given.isAway(true);
    const never = await given.sign();
    assert.equal(await refusal(never), FAILED);
    given.isAway(false);
    assert.equal(await refusal(never), 'none');
    given.isAway(true);
    const token = await given.sign({ exp: Math.floor(Date.now() / 1000) + 90_000 });
    const now = Date.now.bind(Date);
    context.mock.method(Date, 'now', () => now() + 60_000 * 11); // by which the library goes
    for (const minutes of [11, 55, 0, 0]) {
      pass(minutes * 60_000);
      assert.equal(await refusal(token), 'none', `after ${minutes} more minutes`);
    }
    const tries = given.countOf(DISCOVERY);
    assert.equal(await refusal(token), 'none');
    assert.equal(given.countOf(DISCOVERY), tries, 'it is left alone for a while');
    given.isAway(false);
    pass(60_000);
    assert.equal(await refusal(token), 'none');
    assert.equal(given.countOf(DISCOVERY), tries + 1);
    const keys = given.countOf('/keys');
    pass(10 * 60_000);
    assert.equal(await refusal(token), 'none');
    assert.equal(given.countOf('/keys'), keys + 1, 'a key that was taken back');
  });

  test('of a provider over TLS count when its authority is known, or nobody is to look', async () => {
    const given = await fakeProvider({ tls: true });
    const token = await given.sign();
    assert.equal(await setUp(given).refusal(token), FAILED);
    assert.equal(await setUp(given, { rootCA: given.ca }).refusal(token), 'none');
    const careless = { 'oidc.tls.insecure.skip.verify': 'true' };
    assert.equal(await setUp(given, {}, careless).refusal(token), 'none');
  });

  test('of Dex are checked at Dex itself, below the path of its issuer', async () => {
    const url = 'https://argo.test/argo';
    const given = await fakeProvider({ issuer: `${url}/api/dex` });
    const settings = { url, 'oidc.config': '', 'dex.config': 'connectors: []' };
    const world = setUp(given, {}, settings, { address: given.url, ca: '' });
    assert.equal(world.identity.dexPath(), '/argo/api/dex');
    for (const [aud, refusal] of [
      ['argo-cd', 'none'],
      ['argo-cd-cli', 'none'],
      ['argo-cd-pkce', FAILED],
    ] as const)
      assert.equal(await world.refusal(await given.sign({ aud })), refusal, aud);
    assert.equal(given.countOf(`/argo/api/dex${DISCOVERY}`), 1);
    assert.equal(setUp(given).identity.dexPath(), undefined);
  });

  test('count with a new key of the provider, and no more with the one before', async () => {
    const own = await issuer();
    const { signIn, refusal, pass } = setUp(own);
    const before = await signIn();
    assert.equal(await refusal(before.token), 'none');
    await own.rotateKeys();
    pass(10_000);
    const next = await signIn();
    assert.equal(await refusal(next.token), 'none');
    assert.equal(await refusal(before.token), FAILED);
    await own.rotateKeys('same name');
    pass(10_000);
    const last = await signIn();
    assert.equal(await refusal(last.token), 'none');
    assert.equal(await refusal(next.token), FAILED);
  });

  test('that have expired say whose they were, and nothing else', async () => {
    const { signIn, ask, pass } = setUp(provider);
    const { token } = await signIn();
    pass(3_601_000);
    await assert.rejects(ask(token), {
      message: 'invalid session: the token has expired',
      fields: { issuer: 'sso' },
    });
  });

  test('end with signing out, which leads to the provider where it says so', async () => {
    const logoutURL = 'https://idp.test/out?hint={{token}}&back={{logoutRedirectURL}}';
    const long = { 'users.session.duration': '72h' };
    const { signIn, identity, refusal, pass } = setUp(provider, { logoutURL }, long);
    const { token } = await signIn();
    const end = (shown: string) =>
      identity.browser.end({ token: shown, host: 'argo.test' }, signal);
    const back = encodeURIComponent(`${BASE}/`);
    assert.equal(await end(token), `https://idp.test/out?hint=${token}&back=${back}`);
    assert.equal(await refusal(token), 'the token was revoked');
    pass(30 * 3_600_000);
    assert.equal(await refusal(token), 'the token was revoked', 'it could still be renewed');
    assert.equal(await end('a.b.c'), `${BASE}/`);
    const { token: ours } = await identity.tokens.issue('admin:login', {});
    assert.equal(await end(ours), `${BASE}/`);
  });
});
