import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { createServerCertificate } from '../../../e2e/controlplane/certificates.ts';
import { startGitServer } from '../../../e2e/controlplane/git-server.ts';
import { hasCode } from '../../core/errors.ts';
import { ANONYMOUS, type Credential } from '../../core/repository/access.ts';
import { createVirtualClock } from '../../runtime/clock.ts';
import { openRepositories } from '../testing/open-repositories.ts';
import { createSignIn, type SignInOptions } from './sign-in.ts';

const signal = AbortSignal.timeout(120_000);
const tls = createServerCertificate('127.0.0.1');
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = keys.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();

interface Asked {
  readonly request: string;
  readonly authorization: string;
  readonly body: URLSearchParams;
}

describe('signing in with a token of somebody else', () => {
  const asked: Asked[] = [];
  let answers: Readonly<Record<string, readonly [number, unknown]>> = {};
  let url: string;
  const server = createServer({ cert: tls.certificate, key: tls.key }, (request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  async function answer(request: IncomingMessage): Promise<readonly [number, unknown]> {
    const name = `${request.method} ${request.url}`;
    const authorization = request.headers.authorization ?? '';
    asked.push({ request: name, authorization, body: new URLSearchParams(await text(request)) });
    return answers[name] ?? [404, { message: 'Not Found' }];
  }
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    asked.length = 0;
    answers = {};
  });

  const clock = createVirtualClock(Date.now());
  const signInWith = (options: Partial<SignInOptions> = {}) =>
    createSignIn({
      clock,
      timeoutMs: 10_000,
      authorities: (host) => (host === '127.0.0.1' ? tls.certificate : undefined),
      proxies: {},
      ...options,
    });
  const REPO = 'https://github.example/Org/web.git';
  const app = (installationId?: number): Credential => ({
    type: 'github-app',
    appId: 12,
    installationId,
    privateKey: pem,
    apiUrl: url,
  });
  const withCredential = (credential: Credential) => ({ ...ANONYMOUS, credential });

  test('GitHub App: a signed claim gets a token of the installation, kept until shortly before its end', async () => {
    const expires = new Date(clock.now() + 3_600_000).toISOString();
    answers = {
      'POST /app/installations/34/access_tokens': [201, { token: 'ghs_1', expires_at: expires }],
    };
    const signIn = signInWith();
    const get = () => signIn.credentialFor(REPO, withCredential(app(34)), signal);
    const expected = { type: 'basic', username: 'x-access-token', password: 'ghs_1' };
    assert.deepEqual(await Promise.all([get(), get(), get()]), [expected, expected, expected]);
    assert.equal(asked.length, 1);
    const claim = verified(asked[0]?.authorization ?? '', keys.publicKey);
    assert.equal(claim['iss'], '12');
    assert.ok(Number(claim['exp']) - Number(claim['iat']) <= 600);
    await clock.advance(3_400_000);
    await get();
    assert.equal(asked.length, 1);
    await clock.advance(180_000);
    await get();
    assert.equal(asked.length, 2);
  });

  test('GitHub App: a token is used no longer than is configured, nor than it is good for', async () => {
    const tokens = async (gitHubTokenMs: number, goodForMs: number, afterMs: number) => {
      const expires = new Date(clock.now() + goodForMs).toISOString();
      answers = {
        'POST /app/installations/34/access_tokens': [201, { token: 'ghs_1', expires_at: expires }],
      };
      const signIn = signInWith({ gitHubTokenMs });
      const before = asked.length;
      await signIn.credentialFor(REPO, withCredential(app(34)), signal);
      await clock.advance(afterMs);
      await signIn.credentialFor(REPO, withCredential(app(34)), signal);
      return asked.length - before;
    };
    const minute = 60_000;
    assert.equal(await tokens(10 * minute, 60 * minute, 9 * minute), 1);
    assert.equal(await tokens(10 * minute, 60 * minute, 11 * minute), 2);
    assert.equal(await tokens(90 * minute, 30 * minute, 27 * minute), 1);
    assert.equal(await tokens(90 * minute, 30 * minute, 29 * minute), 2);
  });

  test('GitHub App: the installation is that of the owner, an organisation or a person', async () => {
    answers = {
      'GET /users/Org/installation': [200, { id: 56 }],
      'POST /app/installations/56/access_tokens': [201, { token: 'ghs_2' }],
    };
    const found = await signInWith().credentialFor(REPO, withCredential(app()), signal);
    assert.equal(found.type === 'basic' && found.password, 'ghs_2');
    assert.deepEqual(
      asked.map(({ request }) => request),
      [
        'GET /orgs/Org/installation',
        'GET /users/Org/installation',
        'POST /app/installations/56/access_tokens',
      ],
    );
    answers = {};
    const error = await failure(signInWith().credentialFor(REPO, withCredential(app()), signal));
    assert.ok(hasCode(error, 'GitAuthFailed'));
    assert.match(error.message, /GitHub App 12: is not installed for Org/);
  });

  test('a refusal is told with the words of the server, and asked again', async () => {
    answers = {
      'POST /app/installations/34/access_tokens': [401, { message: 'Bad\ncredentials' }],
    };
    const signIn = signInWith();
    const get = () => failure(signIn.credentialFor(REPO, withCredential(app(34)), signal));
    const error = await get();
    assert.ok(hasCode(error, 'GitAuthFailed'));
    assert.equal(error.message, 'GitHub App 12: no token: HTTP 401: Bad credentials');
    await get();
    assert.equal(asked.length, 2);
  });

  test('a key that is none is told without its text', async () => {
    const credential = { ...app(34), privateKey: 'hunter2' } as Credential;
    const error = await failure(
      signInWith().credentialFor(REPO, withCredential(credential), signal),
    );
    assert.ok(hasCode(error, 'GitAuthFailed'));
    assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /hunter2/);
    assert.equal(asked.length, 0);
  });

  test('Google: the service account signs for a token, which is a password', async () => {
    answers = { 'POST /token': [200, { access_token: 'ya29', expires_in: 3_600 }] };
    const key = JSON.stringify({
      client_email: 'robot@example.iam',
      private_key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${url}/token`,
    });
    const access = withCredential({ type: 'google', key });
    assert.deepEqual(await signInWith().credentialFor(REPO, access, signal), {
      type: 'basic',
      username: 'robot@example.iam',
      password: 'ya29',
    });
    const claim = verified(`Bearer ${asked[0]?.body.get('assertion')}`, keys.publicKey);
    assert.equal(claim['aud'], `${url}/token`);
    assert.match(String(claim['scope']), /cloud-platform/);
  });

  test('Google: keys that make no sense, and token servers without TLS, are refused', async () => {
    for (const key of [
      '{',
      '{}',
      'null',
      '{"client_email":"a","private_key":"b","token_uri":"http://x"}',
    ]) {
      const access = withCredential({ type: 'google', key });
      const error = await failure(signInWith().credentialFor(REPO, access, signal));
      assert.ok(hasCode(error, 'GitAuthFailed'), key);
    }
    assert.equal(asked.length, 0);
  });

  test('Azure: a service principal gets a bearer token', async () => {
    answers = {
      'POST /ten%2Fant/oauth2/v2.0/token': [200, { access_token: 'az', expires_in: 99 }],
    };
    const access = withCredential({
      type: 'azure-service-principal',
      clientId: 'client',
      clientSecret: 's3cret',
      tenantId: 'ten/ant',
      endpoint: url,
    });
    const signIn = signInWith();
    assert.deepEqual(await signIn.credentialFor(REPO, access, signal), {
      type: 'bearer',
      token: 'az',
    });
    const { body } = asked[0] ?? {};
    assert.equal(body?.get('client_secret'), 's3cret');
    assert.equal(body?.get('scope'), '499b84ac-1321-427f-aa17-267ca6975798/.default');
    assert.equal(body?.get('grant_type'), 'client_credentials');
    await signIn.credentialFor(REPO, access, signal); // a token that would not outlive a fetch is not kept
    assert.equal(asked.length, 2);
  });

  test('Azure: the identity of the Pod is read anew for every token', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tiphys-azure-'));
    try {
      const tokenFile = join(dir, 'token');
      const azureIdentity = { clientId: 'client', tenantId: 't', tokenFile, authority: `${url}/` };
      const signIn = signInWith({ azureIdentity });
      const access = withCredential({ type: 'azure-workload-identity' });
      const unreadable = await failure(signIn.credentialFor(REPO, access, signal));
      assert.ok(hasCode(unreadable, 'GitAuthFailed'));
      await writeFile(tokenFile, 'projected\n');
      answers = { 'POST /t/oauth2/v2.0/token': [200, { access_token: 'wi', expires_in: 3_600 }] };
      const found = await signIn.credentialFor(REPO, access, signal);
      assert.deepEqual(found, { type: 'bearer', token: 'wi' });
      assert.equal(asked.at(-1)?.body.get('client_assertion'), 'projected');
    } finally {
      await rm(dir, { recursive: true });
    }
    const error = await failure(
      signInWith().credentialFor(REPO, withCredential({ type: 'azure-workload-identity' }), signal),
    );
    assert.ok(hasCode(error, 'GitAuthFailed'));
  });

  test('a server that is not trusted, or says nothing sensible, gives no token', async () => {
    const untrusted = signInWith({ authorities: () => undefined });
    const error = await failure(untrusted.credentialFor(REPO, withCredential(app(34)), signal));
    assert.ok(hasCode(error, 'GitUnreachable'));
    assert.match(error.message, /127\.0\.0\.1: [A-Z_]+$/);
    assert.equal(asked.length, 0);
    answers = { 'POST /app/installations/34/access_tokens': [201, ['no', 'token']] };
    const strange = await failure(
      signInWith().credentialFor(REPO, withCredential(app(34)), signal),
    );
    assert.ok(hasCode(strange, 'GitAuthFailed'));
    answers = { 'POST /app/installations/34/access_tokens': [302, {}] };
    const moved = await failure(signInWith().credentialFor(REPO, withCredential(app(34)), signal));
    assert.ok(hasCode(moved, 'GitAuthFailed'));
  });

  test('git reads a repository with it, and a token that is refused is not kept', async () => {
    await using git = await startGitServer({ signal, tls });
    const credentials = { username: 'x-access-token', password: 'ghs_right' };
    const repository = await git.createRepository('private', { a: '1' }, { credentials });
    await using opened = await openRepositories(
      { ...withCredential(app(34)), caData: tls.certificate },
      { authorities: () => tls.certificate },
    );
    const resolve = () => opened.repositories.resolve(repository, '', { fresh: true }, signal);
    answers = { 'POST /app/installations/34/access_tokens': [201, { token: 'ghs_wrong' }] };
    assert.ok(hasCode(await failure(resolve()), 'GitAuthFailed'));
    answers = { 'POST /app/installations/34/access_tokens': [201, { token: 'ghs_right' }] };
    assert.equal(await resolve(), await git.revision('private'));
    for (const text of [
      'ghs_',
      'PRIVATE KEY',
      Buffer.from('x-access-token:ghs_right').toString('base64'),
    ])
      assert.equal(await opened.reveals(text), false, text);
  });
});

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => assert.fail('it worked'),
    (error: unknown) => error,
  );

/** The claims of a `Bearer` token, whose signature is checked. */
function verified(authorization: string, key: KeyObject): Record<string, unknown> {
  const [header = '', payload = '', signature = ''] = authorization
    .replace('Bearer ', '')
    .split('.');
  const content = Buffer.from(`${header}.${payload}`);
  assert.ok(verify('RSA-SHA256', content, key, Buffer.from(signature, 'base64url')));
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}
