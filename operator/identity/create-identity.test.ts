import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { decodeJwt, generateKeyPair, SignJWT } from 'jose';
import { createMemoryStateCache } from '../cache/memory-state-cache.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { encodeText } from '../core/objects/object-texts.ts';
import { silentLogger } from '../live/testing/silent-logger.ts';
import { createVirtualClock } from '../runtime/clock.ts';
import { createIdentity } from './create-identity.ts';

const { signal } = new AbortController();
const KEY = 'c2VjcmV0IHRoYXQgaXMgbm90IGRlY29kZWQ=';
const START_S = 1_800_000_000;
const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());

interface World {
  readonly config?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly projects?: Readonly<Record<string, object>>;
}

function setUp(world: World = {}, basePath?: string) {
  const clock = createVirtualClock(START_S * 1000);
  const states = createMemoryStateCache({ clock });
  let { config = {}, secrets = {} } = world;
  const object = (kind: string, data: Readonly<Record<string, string>>): KubeObject => ({
    ...{ apiVersion: 'v1', kind, metadata: {}, data },
  });
  const identity = stack.use(
    createIdentity({
      config: {
        configMap: () => object('ConfigMap', config),
        secret: () =>
          object(
            'Secret',
            Object.fromEntries(
              Object.entries({ 'server.secretkey': KEY, ...secrets }).map(([key, value]) => [
                key,
                encodeText(value),
              ]),
            ),
          ),
        secretsOfType: () => [],
        observe() {},
        observeGone() {},
        onChange: () => ({ [Symbol.dispose]() {} }),
      },
      projects: {
        get: (name) => {
          const project = world.projects?.[name];
          return project === undefined ? undefined : (project as KubeObject);
        },
      },
      ...{ states, clock, random: () => 0, logger: silentLogger },
      access: { scopes: ['groups'] },
      ...(basePath !== undefined && { basePath }),
    }),
  );
  return {
    ...{ clock, identity },
    change(next: World) {
      config = { ...config, ...next.config };
      secrets = { ...secrets, ...next.secrets };
    },
    sign: (claims: object, alg = 'HS256', key: string = KEY) =>
      new SignJWT({ iss: 'argocd', iat: START_S, nbf: START_S, jti: 'an-id', ...claims })
        .setProtectedHeader({ alg })
        .sign(new TextEncoder().encode(key)),
    who: async (token: string) =>
      (await identity.authenticator.authenticate(token, signal)).requester,
    async refusal(token: string) {
      try {
        await identity.authenticator.authenticate(token, signal);
        return 'none';
      } catch (error) {
        assert.equal((error as { code: string }).code, 'Unauthenticated');
        return (error as Error).message.replace('invalid session: ', '');
      }
    },
  };
}

describe('our own tokens', () => {
  test('are as those of the incumbent: its key as it stands, its claims', async () => {
    const { identity, who, sign } = setUp();
    const { token, id } = await identity.tokens.issue('admin:login', { lifetimeMs: 60_000 });
    assert.deepEqual(decodeJwt(token), {
      ...{ iss: 'argocd', sub: 'admin:login', iat: START_S, nbf: START_S, jti: id },
      exp: START_S + 60,
    });
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-/);
    assert.equal('exp' in decodeJwt((await identity.tokens.issue('a', {})).token), false);
    const theirs = await sign({ sub: 'admin:login' });
    const requester = await who(theirs);
    assert.deepEqual(requester.caller, { subject: 'admin', groups: [] });
    assert.deepEqual(
      [requester.username, requester.issuer, requester.issuedAt],
      ['admin', 'argocd', START_S],
    );
  });

  test('any HMAC counts, and nothing else', async () => {
    const { refusal, sign } = setUp();
    const long = KEY.repeat(2);
    const claims = { sub: 'admin:login' };
    for (const alg of ['HS384', 'HS512'])
      assert.equal(await refusal(await sign(claims, alg)), 'none');
    assert.equal(await refusal(await sign(claims, 'HS256', long)), 'failed to verify the token');
    const decoded = Buffer.from(KEY, 'base64').toString('latin1').padEnd(32);
    assert.equal(await refusal(await sign(claims, 'HS256', decoded)), 'failed to verify the token');
    const { privateKey } = await generateKeyPair('RS256');
    const rsa = await new SignJWT({ iss: 'argocd', iat: START_S, jti: 'x', ...claims })
      .setProtectedHeader({ alg: 'RS256' })
      .sign(privateKey);
    assert.equal(await refusal(rsa), 'failed to verify the token');
    const none = [{ alg: 'none' }, { iss: 'argocd', ...claims, iat: START_S }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    assert.equal(await refusal(`${none}.`), 'failed to verify the token');
    assert.equal(await refusal('no token'), 'failed to verify the token');
  });

  const account = {
    'accounts.bot': 'apiKey',
    'accounts.off': 'login',
    'accounts.off.enabled': 'false',
  };
  const world = { config: account, secrets: { 'accounts.bot.tokens': '[{"id":"an-id","iat":1}]' } };
  const cases: readonly { name: string; claims: object; refusal: string }[] = [
    { name: 'a token of the list counts', claims: { sub: 'bot:apiKey' }, refusal: 'none' },
    { name: 'without a suffix it is for a machine', claims: { sub: 'bot' }, refusal: 'none' },
    {
      name: 'expired',
      claims: { sub: 'admin:login', exp: START_S - 1 },
      refusal: 'the token has expired',
    },
    {
      name: 'not yet',
      claims: { sub: 'admin:login', nbf: START_S + 60 },
      refusal: 'the token does not count yet',
    },
    {
      name: 'unknown account',
      claims: { sub: 'nobody:login' },
      refusal: 'account nobody does not exist',
    },
    { name: 'disabled', claims: { sub: 'off:login' }, refusal: 'account off is disabled' },
    {
      name: 'capability',
      claims: { sub: 'bot:login' },
      refusal: 'account bot does not have login capability',
    },
    {
      name: 'capability of admin',
      claims: { sub: 'admin' },
      refusal: 'account admin does not have apiKey capability',
    },
    { name: 'no id', claims: { sub: 'admin:login', jti: '' }, refusal: 'the token has no id' },
    {
      name: 'not in the list',
      claims: { sub: 'bot:apiKey', jti: 'other' },
      refusal: 'account bot does not have token with that id',
    },
    { name: 'suffix', claims: { sub: 'admin:root' }, refusal: 'the token is not for an account' },
    { name: 'no subject', claims: {}, refusal: 'failed to verify the token' },
    {
      name: 'an issuer that nobody knows',
      claims: { iss: 'https://elsewhere', sub: 'admin' },
      refusal: 'the issuer of the token is not known',
    },
  ];
  for (const { name, claims, refusal: wanted } of cases)
    test(`are checked: ${name}`, async () => {
      const { refusal, sign } = setUp(world);
      assert.equal(await refusal(await sign(claims)), wanted);
    });

  test('do not count when the password changed after them, but in the same second', async () => {
    const changed = new Date(START_S * 1000).toISOString();
    const { refusal, sign } = setUp({ secrets: { 'admin.passwordMtime': changed } });
    assert.equal(await refusal(await sign({ sub: 'admin:login' })), 'none');
    assert.equal(
      await refusal(await sign({ sub: 'admin:login', iat: START_S - 1 })),
      'account password has changed since token issued',
    );
  });

  test('are asked for at each request: what is taken away is gone at once', async () => {
    const { refusal, sign, change } = setUp(world);
    const token = await sign({ sub: 'bot' });
    assert.equal(await refusal(token), 'none');
    change({ secrets: { 'accounts.bot.tokens': '[]' } });
    assert.equal(await refusal(token), 'account bot does not have token with that id');
    const admin = await sign({ sub: 'admin:login' });
    change({ config: { 'admin.enabled': 'false' } });
    assert.equal(await refusal(admin), 'account admin is disabled');
    change({ config: { 'admin.enabled': 'true' }, secrets: { 'server.secretkey': 'another' } });
    assert.equal(await refusal(admin), 'failed to verify the token');
    change({ secrets: { 'server.secretkey': '' } });
    assert.equal(await refusal(admin), 'no key is known');
  });

  test('are revoked by signing out', async () => {
    const { refusal, sign, identity } = setUp();
    const token = await sign({ sub: 'admin:login', exp: START_S + 60 });
    assert.equal(await refusal(token), 'none');
    await identity.sessions.signOut(token, signal);
    assert.equal(await refusal(token), 'the token was revoked');
    assert.equal(await refusal(await sign({ sub: 'admin:login', jti: 'other' })), 'none');
  });

  test('are revoked for as long as they would count, also for ever', async () => {
    const { refusal, sign, identity, clock } = setUp();
    const DAY_MS = 86_400_000;
    const long = await sign({ sub: 'admin:login', exp: START_S + 40 * 86_400 });
    const endless = await sign({ sub: 'admin:login', jti: 'endless' });
    for (const token of [long, endless]) await identity.sessions.signOut(token, signal);
    await clock.advance(39 * DAY_MS);
    assert.equal(await refusal(long), 'the token was revoked');
    await clock.advance(1_000 * DAY_MS);
    assert.equal(await refusal(long), 'the token has expired');
    assert.equal(await refusal(endless), 'the token was revoked');
  });

  test('lead to the pages after signing out, wherever those are, whether they counted or not', async () => {
    for (const [basePath, home] of [
      [undefined, '/'],
      ['/', '/'],
      ['argo/ui/', '/argo/ui/'],
    ] as const) {
      const { sign, identity } = setUp({}, basePath);
      const token = await sign({ sub: 'admin:login', exp: START_S + 60 });
      for (const shown of [token, 'a.b.c'])
        assert.equal(await identity.browser.end({ token: shown, host: 'x' }, signal), home);
    }
    const urls = { url: 'https://argo.test/ui/', additionalUrls: '[https://other.test]' };
    const { sign, identity } = setUp({ config: urls }, '/argo');
    const token = await sign({ sub: 'admin:login', exp: START_S + 60 });
    for (const [host, home] of [
      ['argo.test', 'https://argo.test/ui/'],
      ['other.test', 'https://other.test/'],
      ['evil.test', 'https://argo.test/ui/'],
    ] as const)
      assert.equal(await identity.browser.end({ token, host }, signal), home);
  });

  test('are renewed in their last five minutes, for as long as they were made for', async () => {
    const { sign, identity, clock } = setUp();
    const token = await sign({ sub: 'admin:login', exp: START_S + 3600 });
    const renewed = async () => (await identity.authenticator.authenticate(token, signal)).renewed;
    await clock.advance(3300_000);
    assert.equal(await renewed(), undefined);
    await clock.advance(1_000);
    const { sub, iat = 0, exp, jti } = decodeJwt((await renewed()) ?? '');
    assert.deepEqual([sub, iat, exp], ['admin:login', START_S + 3301, START_S + 3301 + 3600]);
    assert.notEqual(jti, 'an-id');
  });

  test('of machines are never renewed', async () => {
    const { sign, identity } = setUp(world);
    const token = await sign({ sub: 'bot', exp: START_S + 60 });
    assert.equal((await identity.authenticator.authenticate(token, signal)).renewed, undefined);
  });
});

describe('tokens of a role of a project', () => {
  const tokens = (items: readonly object[]) => ({ status: { jwtTokensByRole: { ci: { items } } } });
  const sub = 'proj:shop:ci';

  test('count while the project lists them, and are the role', async () => {
    const { who, sign } = setUp({ projects: { shop: tokens([{ iat: 5, id: 'an-id' }]) } });
    const { caller, username } = await who(await sign({ sub, groups: ['g'] }));
    assert.deepEqual([caller, username], [{ subject: sub, groups: ['g'] }, sub]);
  });

  const cases: readonly { name: string; project?: object; claims?: object; counts: boolean }[] = [
    { name: 'no such project', counts: false },
    { name: 'no list', project: {}, counts: false },
    { name: 'another id', project: tokens([{ iat: 5, id: 'x' }]), counts: false },
    {
      name: 'another id, made in the same second',
      project: tokens([{ iat: START_S, id: 'x' }]),
      counts: false,
    },
    { name: 'an old entry without an id', project: tokens([{ iat: START_S }]), counts: true },
    {
      name: 'an old token without an id',
      project: tokens([{ iat: START_S, id: 'x' }]),
      claims: { jti: undefined },
      counts: true,
    },
    {
      name: 'another second',
      project: tokens([{ iat: START_S + 1 }]),
      claims: { jti: undefined },
      counts: false,
    },
    {
      name: 'the spec, while the status says nothing',
      project: { spec: { roles: [{ name: 'ci', jwtTokens: [{ iat: 1, id: 'an-id' }] }] } },
      counts: true,
    },
    {
      name: 'the status before the spec',
      project: {
        ...tokens([]),
        spec: { roles: [{ name: 'ci', jwtTokens: [{ iat: 1, id: 'an-id' }] }] },
      },
      counts: false,
    },
    { name: 'hostile', project: { status: { jwtTokensByRole: { ci: 7 } } }, counts: false },
  ];
  for (const { name, project, claims = {}, counts } of cases)
    test(`are looked up: ${name}`, async () => {
      const { refusal, sign } = setUp({ projects: project === undefined ? {} : { shop: project } });
      const answer = await refusal(await sign({ sub, ...claims }));
      assert.equal(answer === 'none', counts, answer);
    });
});

describe('signing in', () => {
  test('gives a token that counts for as long as sessions last', async () => {
    const hash = '$2b$04$UBkigyzJcfL.CXn5Iq7rdOUvclV8nzhY2PvDxlJb6R85DwjnntVxm'; // of "password"
    const { identity, clock, who } = setUp({
      config: { 'users.session.duration': '2h' },
      secrets: { 'admin.password': hash },
    });
    const credentials = { username: 'admin', password: 'password', address: '' };
    const signedIn = identity.sessions.signIn(credentials, signal);
    while (clock.pending === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(1_000);
    const token = await signedIn;
    const { iat = 0, exp = 0 } = decodeJwt(token);
    assert.equal(exp - iat, 7_200);
    assert.equal((await who(token)).username, 'admin');
  });
});
