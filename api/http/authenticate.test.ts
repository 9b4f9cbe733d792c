import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TiphysError } from '../../operator/index.ts';
import { NOBODY } from '../../operator/services/index.ts';
import type { RouteAccess } from '../route.ts';
import { authenticate } from './authenticate.ts';
import { tokenOf } from './token-of.ts';

const { signal } = new AbortController();
const SIGNED_IN: RouteAccess = { type: 'signed-in' };
const PUBLIC: RouteAccess = { type: 'public' };

describe('the token that a request shows', () => {
  const [one, two, three] = ['a.b.1', 'a.b.2', 'a.b.3'];
  const cookie = `argocd.token=${three}`;
  for (const [what, headers, token] of [
    ['metadata first', { 'grpc-metadata-token': one, authorization: `Bearer ${two}`, cookie }, one],
    ['then the bearer', { 'grpc-metadata-token': '', authorization: `Bearer ${two}`, cookie }, two],
    ['however it is written', { authorization: `bearer  ${two}` }, two],
    ['then the cookie', { cookie }, three],
    ['a bearer that is no JWT is passed over', { authorization: 'Bearer opaque', cookie }, three],
    ['two parts are none', { authorization: 'Bearer a.b', cookie }, three],
    ['nor are four', { authorization: 'Bearer a.b.c.d' }, undefined],
    ['other ways are not looked at', { authorization: 'Basic a.b.c' }, undefined],
    ['an empty cookie is none', { cookie: 'argocd.token=' }, undefined],
    ['cookies of others are not ours', { cookie: 'argocd.tokens=x; argocd.token-1=y' }, undefined],
    ['parts of one', { cookie: 'argocd.token-2=c; argocd.token=3:a; argocd.token-1=b' }, 'abc'],
    ['a part is missing', { cookie: 'argocd.token=3:a; argocd.token-1=b' }, 'ab'],
    ['nothing', {}, undefined],
  ] as const)
    test(what, () => assert.equal(tokenOf(headers), token));
});

describe('who sends a request', () => {
  const ann = { requester: { ...NOBODY, username: 'ann' } };
  const expired = new TiphysError('Unauthenticated', 'expired', { fields: { issuer: 'sso' } });

  async function ask(
    token: string | undefined,
    {
      access = SIGNED_IN,
      anonymous = false,
      failure,
    }: {
      readonly access?: RouteAccess;
      readonly anonymous?: boolean;
      readonly failure?: TiphysError;
    } = {},
  ) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const authenticator = {
      async authenticate() {
        if (failure !== undefined) throw failure;
        return ann;
      },
    };
    const options = { authenticator, allowsAnonymous: () => anonymous };
    return (await authenticate(headers, access, options, signal)).requester;
  }

  test('must be known, but where anybody may ask', async () => {
    const refused = { code: 'Unauthenticated', message: 'no session information' };
    await assert.rejects(ask(undefined), refused);
    assert.equal(await ask(undefined, { access: PUBLIC }), NOBODY);
    for (const access of [SIGNED_IN, PUBLIC])
      assert.equal(await ask('a.b.c', { access }), ann.requester);
  });

  test('is nobody with a wrong token where anybody may ask, and refused elsewhere', async () => {
    const failure = new TiphysError('Unauthenticated', 'invalid session: x');
    await assert.rejects(ask('a.b.c', { failure }), failure);
    assert.equal(await ask('a.b.c', { failure, access: PUBLIC }), NOBODY);
  });

  test('may be nobody where the settings let everybody in, whatever is wrong with the token', async () => {
    const failure = new TiphysError('Unauthenticated', 'invalid session: x');
    assert.equal(await ask(undefined, { anonymous: true }), NOBODY);
    assert.equal(await ask('a.b.c', { anonymous: true, failure }), NOBODY);
    assert.equal(await ask('a.b.c', { anonymous: true }), ann.requester);
  });

  test('is remembered to be of the provider when the token has expired', async () => {
    const requester = await ask('a.b.c', { failure: expired, access: PUBLIC });
    assert.deepEqual(requester, { ...NOBODY, issuer: 'sso' });
    await assert.rejects(ask('a.b.c', { failure: expired }), expired);
  });

  test('is not made nobody by what went wrong while asking', async () => {
    const failure = new TiphysError('KubeUnreachable', 'away');
    for (const access of [SIGNED_IN, PUBLIC])
      await assert.rejects(ask('a.b.c', { failure, access, anonymous: true }), failure);
  });
});
