import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration, type JWKS } from 'oidc-provider';
import { exportJWK, generateKeyPair } from 'jose';

export interface IssuerClient {
  readonly id: string;
  /** Empty: a public one. */
  readonly secret: string;
  readonly redirects: readonly string[];
}

export interface OidcIssuerOptions {
  /** What people and tokens call it; default its own address. Given when it is behind a proxy. */
  readonly issuer?: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly clients: readonly IssuerClient[];
  /** Claims of the one user that signs in, and who that is. */
  readonly user: Readonly<Record<string, unknown>> & { readonly sub: string };
  /** Scopes whose claims are in ID tokens; of others only userinfo tells. Default all. */
  readonly inIdToken?: boolean;
  /** Whether there are refresh tokens. Default false. */
  readonly refresh?: boolean;
}

/** An identity provider on loopback: the user signs in without being asked anything. */
export interface OidcIssuer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Authorization requests so far, as the browser sent them. */
  readonly asked: readonly URLSearchParams[];
  /** Another key signs from now on, under another name or the same, and the one before is gone. */
  rotateKeys(name?: 'same name'): Promise<void>;
  /** Life of the ID tokens that come; before, an hour. */
  idTokensLive(seconds: number): void;
  /** Sends the browser back with this error. */
  refuse(error: string | undefined): void;
}

const SCOPES = ['openid', 'profile', 'email', 'groups', 'offline_access', 'federated:id'];

export async function startOidcIssuer(options: OidcIssuerOptions): Promise<OidcIssuer> {
  let handle: ReturnType<Provider['callback']> | undefined;
  const ready = Promise.withResolvers<void>();
  const asked: URLSearchParams[] = [];
  let refusal: string | undefined;
  let keyNumber = 0;
  let idTokenSeconds = 3_600;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', issuer);
    if (url.pathname.endsWith('/auth') && url.searchParams.has('client_id')) {
      asked.push(url.searchParams);
      if (refusal !== undefined) {
        const back = new URL(url.searchParams.get('redirect_uri') ?? '');
        back.searchParams.set('error', refusal);
        back.searchParams.set('state', url.searchParams.get('state') ?? '');
        response.writeHead(303, { location: back.href }).end();
        return;
      }
    }
    // Who comes too early waits for the keys.
    void ready.promise.then(() => handle?.(mounted(request, issuer), response));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = options.issuer ?? `http://127.0.0.1:${port}`;

  async function start(): Promise<void> {
    const life = () => idTokenSeconds;
    const jwks = await keys(keyNumber);
    const provider = new Provider(issuer, configuration(issuer, options, jwks, life));
    provider.proxy = true;
    const standard = provider.callback();
    handle = async (request, response) => {
      if (/\/interaction\/[^/]+$/.test(request.url ?? '')) {
        const login = { accountId: options.user.sub };
        await provider.interactionFinished(request, response, { login });
        return;
      }
      await standard(request, response);
    };
  }
  await start();
  ready.resolve();
  return {
    ...{ url: issuer, port, asked },
    async rotateKeys(name) {
      if (name === undefined) keyNumber += 1;
      await start();
    },
    idTokensLive: (seconds) => void (idTokenSeconds = seconds),
    refuse: (error) => void (refusal = error),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** As a framework mounts it: below the path of the issuer, whatever the address it was reached at. */
function mounted(request: IncomingMessage, issuer: string): IncomingMessage {
  const { host, protocol } = new URL(issuer);
  const prefix = pathOf(issuer);
  const original = request.url ?? '';
  request.headers.host = host;
  delete request.headers['x-forwarded-host'];
  request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
  Object.assign(request, { originalUrl: original });
  if (prefix !== '' && original.startsWith(prefix)) request.url = original.slice(prefix.length);
  return request;
}

function pathOf(issuer: string): string {
  return new URL(issuer).pathname.replace(/\/+$/, '');
}

async function keys(nth: number): Promise<JWKS> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = await exportJWK(privateKey);
  return { keys: [{ ...key, kid: `key-${nth}`, use: 'sig', alg: 'RS256' }] } as JWKS;
}

function configuration(
  issuer: string,
  { clients, user, inIdToken = true, refresh = false }: OidcIssuerOptions,
  jwks: JWKS,
  idTokenSeconds: () => number,
): Configuration {
  return {
    clients: clients.map(({ id, secret, redirects }) => ({
      client_id: id,
      ...(secret !== '' && { client_secret: secret }),
      token_endpoint_auth_method: secret === '' ? 'none' : 'client_secret_basic',
      redirect_uris: [...redirects],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      ...(secret === '' && { application_type: 'native' }),
    })),
    jwks,
    cookies: { keys: ['a key for cookies of a test'] },
    scopes: SCOPES,
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name'],
      groups: ['groups'],
      'federated:id': ['federated_claims'],
    },
    conformIdTokenClaims: !inIdToken,
    extraParams: ['connector_id', 'domain_hint'],
    features: { devInteractions: { enabled: false }, claimsParameter: { enabled: true } },
    interactions: { url: (_context, { uid }) => `${pathOf(issuer)}/interaction/${uid}` },
    pkce: { required: () => false },
    rotateRefreshToken: true,
    issueRefreshToken: async (_context, client) =>
      refresh && client.grantTypeAllowed('refresh_token'),
    ttl: {
      ...{ IdToken: idTokenSeconds, AccessToken: 3_600, RefreshToken: 86_400, Session: 3_600 },
      ...{ Grant: 86_400, Interaction: 600, AuthorizationCode: 60 },
    },
    findAccount: async (_context, id) => ({
      accountId: id,
      claims: async () => ({ ...user }),
    }),
    async loadExistingGrant({ oidc }) {
      const { provider, client, session } = oidc;
      const grant = new provider.Grant({
        clientId: client?.clientId ?? '',
        accountId: session?.accountId ?? '',
      });
      grant.addOIDCScope(SCOPES.join(' '));
      await grant.save();
      return grant;
    },
  };
}
