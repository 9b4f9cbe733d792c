import { createHash } from 'node:crypto';
import { load } from 'js-yaml';
import * as z from 'zod/mini';
import { parseDuration } from '../../core/app/duration.ts';
import { isJsonArray, type JsonObject } from '../../core/objects/json.ts';
import type { ObjectTexts } from '../../core/objects/object-texts.ts';
import { type ResolveSecret, resolveText } from '../../core/settings/secret-references.ts';

/** One provider of identities, as it is spoken to. Durations in milliseconds. */
export interface SsoSettings {
  readonly type: 'oidc' | 'dex';
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** A secret; empty for a client that has none. */
  readonly clientSecret: string;
  readonly cliClientId: string;
  readonly scopes: readonly string[];
  /** What the claims parameter asks for in the ID token. */
  readonly idTokenClaims: JsonObject | undefined;
  readonly pkce: boolean;
  readonly domainHint: string;
  /** Which way to sign in Dex is to take without asking. */
  readonly connectorId: string;
  readonly logoutUrl: string;
  /** PEM; empty: the authorities of the system. */
  readonly rootCa: string;
  readonly skipTlsVerification: boolean;
  readonly allowedAudiences: readonly string[];
  /** Whether a token that names no audience counts. */
  readonly skipAudienceCheck: boolean;
  /** A token is renewed when it has no longer left. */
  readonly refreshThresholdMs: number;
  readonly userInfo: UserInfoSettings | undefined;
  /** The addresses people use, the first one first; without slashes at their ends. */
  readonly urls: readonly string[];
}

/** Groups are asked for, because the token does not have them. */
export interface UserInfoSettings {
  /** Empty: where the provider says. */
  readonly url: string;
  /** 0: as long as the token counts. */
  readonly cacheMs: number;
}

export interface ReadSso {
  /** `undefined`: nobody can sign in by a provider. */
  readonly sso: SsoSettings | undefined;
  readonly problems: readonly string[];
}

export interface SsoSources {
  /** `argocd-cm`. */
  readonly config: ObjectTexts;
  readonly resolve: ResolveSecret;
  /** `server.secretkey`; what Dex and we share is made of it. */
  readonly secretKey: string;
}

export const DEX_CLIENT = 'argo-cd';
export const DEX_CLI_CLIENT = 'argo-cd-cli';
const DEFAULT_SCOPES = ['openid', 'profile', 'email', 'groups'];

const text = z._default(z.string(), '');
const truth = z._default(z.boolean(), false);
const texts = z._default(z.array(z.string()), []);

const OidcConfig = z.object({
  name: text,
  issuer: z.string().check(z.minLength(1)),
  clientID: z.string().check(z.minLength(1)),
  clientSecret: text,
  cliClientID: text,
  requestedScopes: texts,
  requestedIDTokenClaims: z.optional(z.record(z.string(), z.unknown())),
  enableUserInfoGroups: truth,
  userInfoBaseURL: text,
  userInfoPath: text,
  userInfoCacheExpiration: text,
  logoutURL: text,
  rootCA: text,
  enablePKCEAuthentication: truth,
  domainHint: text,
  refreshTokenThreshold: text,
  allowedAudiences: texts,
  skipAudienceCheckWhenTokenHasNoAudience: truth,
  azure: z.optional(z.record(z.string(), z.unknown())),
});

/** Reads who signs people in: `oidc.config`, else `dex.config` with `url` (`spec/api.md` 5.1). Never throws. */
export function readSsoSettings(sources: SsoSources): ReadSso {
  const { config } = sources;
  const urls = readUrls(config);
  const skipTlsVerification = config.get('oidc.tls.insecure.skip.verify')?.trim() === 'true';
  if ((config.get('oidc.config') ?? '').trim() !== '')
    return readOidc(sources, { urls, skipTlsVerification });
  if ((config.get('dex.config') ?? '').trim() === '') return { sso: undefined, problems: [] };
  const [url] = urls;
  if (url === undefined)
    return { sso: undefined, problems: ['dex.config: url of argocd-cm is missing'] };
  return { sso: dexSettings(sources, url, urls), problems: [] };
}

/** What Dex and we know of each other, in this form for every control plane with the same key. */
export function dexClientSecret(secretKey: string): string {
  return createHash('sha256').update(secretKey).digest('base64url').slice(0, 40);
}

function readOidc(
  { config, resolve }: SsoSources,
  shared: Pick<SsoSettings, 'urls' | 'skipTlsVerification'>,
): ReadSso {
  let written: unknown;
  try {
    written = load(config.get('oidc.config') ?? '');
  } catch {
    return { sso: undefined, problems: ['oidc.config: is no YAML'] };
  }
  const parsed = OidcConfig.safeParse(written);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path }) => `oidc.config: ${path.join('.')}: is missing, or not what it should be`,
    );
    return { sso: undefined, problems };
  }
  const { data } = parsed;
  const problems: string[] = [];
  const duration = (key: 'refreshTokenThreshold' | 'userInfoCacheExpiration'): number => {
    const ms = data[key] === '' ? 0 : parseDuration(data[key]);
    if (ms === undefined) problems.push(`oidc.config: ${key}: "${data[key]}" is no duration`);
    return Math.max(0, ms ?? 0);
  };
  if (data.azure !== undefined) problems.push('oidc.config: azure is not supported');
  const clientId = resolveText(data.clientID, resolve);
  const cliClientId = resolveText(data.cliClientID, resolve);
  const clients = [clientId, ...(cliClientId === '' ? [] : [cliClientId])];
  const sso: SsoSettings = {
    type: 'oidc',
    ...shared,
    name: data.name,
    issuer: resolveText(data.issuer, resolve),
    clientId,
    clientSecret: resolveText(data.clientSecret, resolve),
    cliClientId,
    scopes: data.requestedScopes.length === 0 ? DEFAULT_SCOPES : data.requestedScopes,
    // Parsed from YAML, which holds nothing but JSON here.
    idTokenClaims: data.requestedIDTokenClaims as JsonObject | undefined,
    pkce: data.enablePKCEAuthentication,
    domainHint: data.domainHint,
    connectorId: '',
    logoutUrl: data.logoutURL,
    rootCa: data.rootCA,
    allowedAudiences: data.allowedAudiences.length === 0 ? clients : data.allowedAudiences,
    skipAudienceCheck: data.skipAudienceCheckWhenTokenHasNoAudience,
    refreshThresholdMs: duration('refreshTokenThreshold'),
    userInfo: data.enableUserInfoGroups
      ? { url: userInfoUrl(data), cacheMs: duration('userInfoCacheExpiration') }
      : undefined,
  };
  return { sso, problems };
}

function userInfoUrl(data: z.output<typeof OidcConfig>): string {
  const { userInfoBaseURL: base, userInfoPath: path, issuer } = data;
  if (base === '' && path === '') return '';
  return `${(base === '' ? issuer : base).replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}

function dexSettings(
  { config, secretKey }: SsoSources,
  url: string,
  urls: readonly string[],
): SsoSettings {
  return {
    type: 'dex',
    name: 'Dex',
    issuer: `${url}/api/dex`,
    clientId: DEX_CLIENT,
    clientSecret: dexClientSecret(secretKey),
    cliClientId: DEX_CLI_CLIENT,
    scopes: [...DEFAULT_SCOPES, 'federated:id'],
    idTokenClaims: undefined,
    pkce: false,
    domainHint: '',
    connectorId: (config.get('dex.auth.connectorId') ?? '').trim(),
    logoutUrl: '',
    rootCa: '',
    skipTlsVerification: false,
    allowedAudiences: [DEX_CLIENT, DEX_CLI_CLIENT],
    skipAudienceCheck: false,
    refreshThresholdMs: 0,
    userInfo: undefined,
    urls,
  };
}

/** The addresses people use, `url` first; without slashes at their ends. */
export function readUrls(config: ObjectTexts): readonly string[] {
  let further: unknown;
  try {
    further = load(config.get('additionalUrls') ?? '');
  } catch {
    further = [];
  }
  const listed = isJsonArray(further) ? further.filter((one) => typeof one === 'string') : [];
  return [config.get('url') ?? '', ...listed]
    .map((url) => url.trim().replace(/\/+$/, ''))
    .filter((url) => url !== '' && URL.canParse(url));
}
