import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt, generateKeyPair, SignJWT } from 'jose';
import type { OidcIssuer } from '../../../e2e/controlplane/oidc-issuer.ts';
import {
  BASE,
  FAILED,
  issuer,
  jwksServer,
  KEY,
  setUp,
  signal,
  stack,
} from './testing/sign-in-world.ts';

after(() => stack.disposeAsync());

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
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const server = await jwksServer(publicKey);
    const sign = (claims: object) =>
      new SignJWT({ iss: server.url, sub: 'u', ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .setExpirationTime('1h')
        .setIssuedAt()
        .sign(privateKey);
    const given = server as unknown as OidcIssuer;
    const without = await sign({});
    assert.equal(await setUp(given).refusal(without), FAILED);
    const lenient = setUp(given, { skipAudienceCheckWhenTokenHasNoAudience: true });
    assert.equal(await lenient.refusal(without), 'none');
    assert.equal(await lenient.refusal(await sign({ aud: 'somebody' })), FAILED);
    assert.equal(await lenient.refusal(await sign({ aud: ['x', 'argo'] })), 'none');
    assert.equal(await lenient.refusal(await sign({ aud: 'argo', iss: 'https://other' })), FAILED);
    assert.equal(await lenient.refusal(await sign({ aud: 'argo', sub: 'proj:shop:ci' })), FAILED);
    const federated = await sign({ aud: 'argo', federated_claims: { user_id: 'ann' } });
    assert.equal((await lenient.ask(federated)).requester.caller?.subject, 'ann');
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
    const { signIn, identity, refusal } = setUp(provider, { logoutURL });
    const { token } = await signIn();
    const end = (shown: string) =>
      identity.browser.end({ token: shown, host: 'argo.test' }, signal);
    const back = encodeURIComponent(`${BASE}/`);
    assert.equal(await end(token), `https://idp.test/out?hint=${token}&back=${back}`);
    assert.equal(await refusal(token), 'the token was revoked');
    assert.equal(await end('a.b.c'), `${BASE}/`);
    const { token: ours } = await identity.tokens.issue('admin:login', {});
    assert.equal(await end(ours), `${BASE}/`);
  });
});
