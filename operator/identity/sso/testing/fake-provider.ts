import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { selfSigned } from '../../self-signed.ts';
import { signal, type SignInWorld, stack } from './sign-in-world.ts';

/** A provider that answers what a test says, right or wrong. */
export interface FakeProvider {
  readonly url: string;
  /** PEM of its certificate; empty without TLS. */
  readonly ca: string;
  /** PEM of the key whose other half signs. */
  readonly publicKey: string;
  /** Requests so far: method and path, authorization and body. */
  readonly asked: {
    readonly path: string;
    readonly authorization: string;
    readonly body: string;
  }[];
  countOf(path: string): number;
  /** An ID token for the client `argo` that counts for an hour, but for what `claims` says. */
  sign(claims?: object): Promise<string>;
  /** What the token endpoint answers from now on; without it, that nothing is granted. */
  grants(answer: object | undefined): void;
  /** What userinfo answers from now on; without it, that it fails. */
  tells(answer: object | undefined): void;
  /** Whether it answers at all. */
  isAway(away: boolean): void;
}

/** Ends with the tests of a `sign-in-world`. */
export async function fakeProvider(
  options: {
    readonly metadata?: object;
    readonly tls?: boolean;
    /** What it calls itself; its paths are below that one's. Default its address. */
    readonly issuer?: string;
  } = {},
): Promise<FakeProvider> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' };
  const pair = options.tls === true ? await selfSigned('idp', Date.now()) : undefined;
  const asked: { path: string; authorization: string; body: string }[] = [];
  let granted: object | undefined;
  let told: object | undefined;
  let away = false;
  const below = options.issuer === undefined ? '' : new URL(options.issuer).pathname;
  const answerTo = (asked: string): object | undefined => {
    const path = asked.startsWith(below) ? asked.slice(below.length) : '';
    if (path === '/.well-known/openid-configuration') return metadata();
    if (path === '/keys') return { keys: [key] };
    if (path === '/token') return granted;
    return path.startsWith('/userinfo') ? told : undefined;
  };
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    const { authorization = '' } = request.headers;
    asked.push({ path, authorization, body: await text(request) });
    if (away) return void request.socket.destroy();
    const answer = answerTo(path);
    response.writeHead(answer === undefined ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { error: 'invalid_grant' }));
  };
  const server: Server =
    pair === undefined
      ? createServer(listener)
      : createTlsServer({ cert: pair.certificate, key: pair.key }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = `${pair === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const issuer = options.issuer ?? url;
  const metadata = () => ({
    issuer,
    jwks_uri: `${issuer}/keys`,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    id_token_signing_alg_values_supported: ['RS256'],
    ...options.metadata,
  });
  return {
    ...{ url, asked, ca: pair?.certificate ?? '', publicKey: await exportSPKI(publicKey) },
    countOf: (path) => asked.filter((one) => one.path === path).length,
    sign: (claims = {}) => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({
        iss: issuer,
        sub: 'u',
        aud: 'argo',
        iat: now,
        exp: now + 3_600,
        ...claims,
      })
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .sign(privateKey);
    },
    grants: (answer) => void (granted = answer),
    tells: (answer) => void (told = answer),
    isAway: (isSo) => void (away = isSo),
  };
}

/** What the provider gives besides the ID token. */
export const GRANT = { token_type: 'Bearer', access_token: 'access', expires_in: 3_600 };

/** Signs somebody in with a fake provider, which grants what `claims` and `granted` say. */
export async function signInAt(
  provider: FakeProvider,
  { begin, identity }: SignInWorld,
  claims: object = {},
  granted: object = {},
): Promise<string> {
  const { redirect, state } = await begin();
  const { searchParams } = new URL(redirect);
  const nonce = searchParams.get('nonce') ?? '';
  provider.grants({ ...GRANT, id_token: await provider.sign({ nonce, ...claims }), ...granted });
  const search = new URLSearchParams({ code: 'c', state: searchParams.get('state') ?? '' });
  const { token } = await identity.browser.finish({ search, host: 'argo.test', state }, signal);
  return token;
}
