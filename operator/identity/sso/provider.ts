import {
  createRemoteJWKSet,
  customFetch as keysFetch,
  errors,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  discovery,
  None,
  type ServerMetadata,
} from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { TiphysError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { unauthenticated } from '../local-tokens.ts';
import type { SsoSettings } from './sso-settings.ts';

/** Where Dex really is, instead of at the address that browsers use. */
export interface DexAddress {
  /** Without a path: `https://argocd-dex-server:5556`. */
  readonly address: string;
  /** PEM of its authority; empty: no certificate is checked, for Dex makes its own. */
  readonly ca: string;
}

export interface ProviderOptions {
  readonly settings: SsoSettings;
  readonly dex?: DexAddress;
  readonly clock: Clock;
}

/** An identity provider: what it says of itself, asked when first needed, and its keys. */
export interface Provider extends AsyncDisposable {
  readonly settings: SsoSettings;
  /** For the requests of `openid-client`. Errors: `Timeout` or `RequestFailed` when it cannot be asked. */
  client(): Promise<Configuration>;
  /**
   * The claims of an ID token that counts: signed with a key of the provider, for one of our clients, not
   * expired. Errors: `Unauthenticated`, of whose reason only the log is told; `ExpiredIdToken`.
   */
  verify(token: string): Promise<JWTPayload>;
}

/** Everything was right with it, once. */
export class ExpiredIdToken extends Error {
  readonly claims: JWTPayload;
  constructor(claims: JWTPayload) {
    super('the ID token has expired');
    this.claims = claims;
  }
}

/** Signatures that a provider makes with a key of its own. None with a shared secret: those would be ours to make. */
const ALGORITHMS: ReadonlySet<string> = new Set([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]);

const TIMEOUT_S = 10;
/** What a provider says of itself is asked again so much later. */
const METADATA_MS = 3_600_000;
/** A provider that cannot be asked is left alone for so long, while what it said before counts. */
const RETRY_MS = 60_000;
/** A key that the provider took back counts no longer than this. */
const KEYS_MS = 600_000;
/** Somebody with wrong tokens must not make us ask for keys all the time. */
const KEYS_COOLDOWN_MS = 5_000;

interface Discovered {
  readonly client: Configuration;
  readonly keys: ReturnType<typeof createRemoteJWKSet>;
  readonly algorithms: readonly string[];
  readonly atMs: number;
}

export function createProvider({ settings, dex, clock }: ProviderOptions): Provider {
  const ca = dex === undefined ? settings.rootCa : dex.ca;
  const isTrusted = settings.skipTlsVerification || (dex !== undefined && dex.ca === '');
  const agent = new Agent({
    connect: { ...(ca !== '' && { ca }), rejectUnauthorized: !isTrusted },
  });
  let discovered: Discovered | undefined;
  let asking: Promise<Discovered> | undefined;
  let failedMs = Number.NEGATIVE_INFINITY;
  let keysMs = Number.NEGATIVE_INFINITY;
  let reloadedMs = Number.NEGATIVE_INFINITY;

  const request = async (url: string, init: object): Promise<Response> => {
    const address = dex === undefined ? url : addressOfDex(url, settings.issuer, dex);
    // The same interface: both are undici's.
    return (await undiciFetch(address, { ...init, dispatcher: agent })) as unknown as Response;
  };

  async function discover(): Promise<Discovered> {
    const { issuer, clientId, clientSecret } = settings;
    const options = {
      [customFetch]: request,
      timeout: TIMEOUT_S,
      ...(issuer.startsWith('http:') && { execute: [allowInsecureRequests] }),
    };
    const found = await discovery(new URL(issuer), clientId, undefined, None(), options);
    const { url: userInfoUrl = '' } = settings.userInfo ?? {};
    const told: ServerMetadata = found.serverMetadata();
    const metadata = userInfoUrl === '' ? told : { ...told, userinfo_endpoint: userInfoUrl };
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const withSecret = methods.includes('client_secret_basic')
      ? ClientSecretBasic
      : ClientSecretPost;
    const auth = clientSecret === '' ? None() : withSecret(clientSecret);
    const client = new Configuration(metadata, clientId, undefined, auth);
    client[customFetch] = request;
    client.timeout = TIMEOUT_S;
    if (issuer.startsWith('http:')) allowInsecureRequests(client);
    const keys = createRemoteJWKSet(new URL(metadata.jwks_uri ?? ''), {
      [keysFetch]: request,
      cooldownDuration: Number.POSITIVE_INFINITY, // asked again below
      cacheMaxAge: Number.POSITIVE_INFINITY, // the same
      timeoutDuration: TIMEOUT_S * 1000,
    });
    const offered = metadata.id_token_signing_alg_values_supported ?? [...ALGORITHMS];
    const algorithms = offered.filter((name) => ALGORITHMS.has(name));
    return { client, keys, algorithms, atMs: clock.monotonic() };
  }

  /** What a provider said lasts longer than a time in which it cannot be asked: nobody is signed out by that. */
  async function current(): Promise<Discovered> {
    const known = discovered;
    const nowMs = clock.monotonic();
    if (known !== undefined && (nowMs - known.atMs < METADATA_MS || nowMs - failedMs < RETRY_MS))
      return known;
    try {
      asking ??= discover().finally(() => (asking = undefined));
      discovered = await asking;
      return discovered;
    } catch (cause) {
      failedMs = clock.monotonic();
      if (known !== undefined) return known;
      throw new TiphysError(
        'RequestFailed',
        `provider ${settings.issuer}: it does not say how to sign in`,
        { cause, hint: 'Check issuer and rootCA in argocd-cm, and that the server can reach it.' },
      );
    }
  }

  async function refreshKeys(keys: Discovered['keys']): Promise<void> {
    const nowMs = clock.monotonic();
    if (nowMs - keysMs < KEYS_MS) return;
    keysMs = nowMs;
    await keys.reload().catch(() => {}); // those that are known count on
  }

  async function check(token: string): Promise<JWTPayload> {
    const { client, keys, algorithms } = await current();
    const options = {
      issuer: client.serverMetadata().issuer,
      algorithms: [...algorithms],
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(clock.now()),
    };
    await refreshKeys(keys);
    try {
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      // The provider may have another key by now, under another name or under the same.
      const mayBeOtherKey =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWSSignatureVerificationFailed;
      if (!mayBeOtherKey || clock.monotonic() - reloadedMs < KEYS_COOLDOWN_MS) throw error;
      reloadedMs = clock.monotonic();
      await keys.reload();
      return (await jwtVerify(token, keys, options)).payload;
    }
  }

  return {
    settings,
    client: async () => (await current()).client,
    async verify(token) {
      try {
        const claims = await check(token);
        assertAudience(claims, settings);
        return claims;
      } catch (error) {
        if (error instanceof errors.JWTExpired && error.claim === 'exp') {
          assertAudience(error.payload, settings);
          throw new ExpiredIdToken(error.payload);
        }
        throw unauthenticated('failed to verify the token', error);
      }
    },
    [Symbol.asyncDispose]: () => agent.close(),
  };
}

/** Errors: `Unauthenticated` when the token is for somebody else's clients. */
function assertAudience(
  { aud }: JWTPayload,
  { allowedAudiences, skipAudienceCheck }: SsoSettings,
): void {
  const named = typeof aud === 'string' ? [aud] : (aud ?? []);
  const counts =
    named.length === 0
      ? skipAudienceCheck
      : named.some((audience) => allowedAudiences.includes(audience));
  if (!counts) throw unauthenticated('failed to verify the token');
}

/** What browsers find below the issuer, we find at Dex itself, which serves below the path of its issuer. */
function addressOfDex(url: string, issuer: string, { address }: DexAddress): string {
  if (!url.startsWith(`${issuer}/`)) return url;
  return `${address}${new URL(issuer).pathname}${url.slice(issuer.length)}`;
}
