import type { JWTPayload } from 'jose';
import { fetchUserInfo, refreshTokenGrant } from 'openid-client';
import { isJsonObject } from '../../core/objects/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StateCache } from '../../ports/state-cache.ts';
import { createKeyedLock } from '../../runtime/keyed-lock.ts';
import { unauthenticated } from '../local-tokens.ts';
import type { Provider } from './provider.ts';
import type { Seal } from './seal.ts';

/** What a provider gave besides the ID token. */
export interface Granted {
  readonly idToken: string;
  readonly accessToken: string;
  /** Empty when there is none. */
  readonly refreshToken: string;
}

export interface ProviderSessionsOptions {
  readonly provider: Provider;
  readonly states: StateCache;
  readonly seal: Seal;
  readonly clock: Clock;
  /** How long somebody stays signed in, renewals included. */
  readonly sessionMs: () => number;
}

/** What is kept, sealed, of those who signed in with a provider, so that they stay so and have their groups. */
export interface ProviderSessions {
  /** Takes the place of what was kept of an earlier sign-in. */
  keep(claims: JWTPayload, granted: Granted, signal: AbortSignal): Promise<void>;
  /** A newer ID token, when it can be had. */
  renew(claims: JWTPayload, signal: AbortSignal): Promise<string | undefined>;
  /** What the provider says of its user now, or said lately. Errors: `Unauthenticated` when it says nothing, or of somebody else. */
  userInfo(claims: JWTPayload, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  forget(claims: JWTPayload, signal: AbortSignal): Promise<void>;
}

interface Kept {
  readonly refreshToken: string;
  readonly idToken: string;
  /** When that one ends, and when the sign-in was; milliseconds since 1970. */
  readonly expiresMs: number;
  readonly sinceMs: number;
}

/** A token that was renewed in another request is as good when it has so long left. */
const WORTH_MS = 5_000;
const DEFAULT_ACCESS_MS = 3_600_000;

export function createProviderSessions(options: ProviderSessionsOptions): ProviderSessions {
  const { provider, states, seal, clock, sessionMs } = options;
  const locks = createKeyedLock();
  const tokenKey = ({ sub = '', sid }: JWTPayload): string =>
    `oidc_token_${sub}_${typeof sid === 'string' ? sid : ''}`;
  const accessKey = ({ sub = '' }: JWTPayload): string => `access_token_${sub}`;
  const userInfoKey = ({ sub = '' }: JWTPayload): string => `userinfo_response_${sub}`;

  async function read(key: string, signal: AbortSignal): Promise<unknown> {
    const text = seal.open((await states.get(key, signal)) ?? '');
    return text === undefined ? undefined : JSON.parse(text);
  }
  async function write(key: string, value: unknown, ttlMs: number, signal: AbortSignal) {
    if (ttlMs > 0) await states.set(key, seal.seal(JSON.stringify(value)), ttlMs, signal);
  }
  const endOf = ({ exp = 0 }: JWTPayload): number => exp * 1000;

  async function keepRefresh(claims: JWTPayload, kept: Kept, signal: AbortSignal): Promise<void> {
    const leftMs = kept.sinceMs + sessionMs() - clock.now();
    await write(tokenKey(claims), kept, leftMs, signal);
  }

  async function refresh(claims: JWTPayload, signal: AbortSignal): Promise<string | undefined> {
    // Written by nobody else: it opened.
    const kept = (await read(tokenKey(claims), signal)) as Kept | undefined;
    if (kept === undefined || kept.sinceMs + sessionMs() <= clock.now()) return undefined;
    const { refreshThresholdMs } = provider.settings;
    const isNewer = kept.expiresMs > endOf(claims);
    if (isNewer && kept.expiresMs - clock.now() > Math.max(WORTH_MS, refreshThresholdMs))
      return kept.idToken;
    const answer = await refreshTokenGrant(await provider.client(), kept.refreshToken);
    const { id_token: idToken, access_token: accessToken, refresh_token: next } = answer;
    if (idToken === undefined) return undefined;
    const renewed = await provider.verify(idToken);
    if (renewed.sub !== claims.sub) return undefined;
    const refreshToken = next ?? kept.refreshToken;
    await write(accessKey(renewed), accessToken, accessMs(answer.expires_in), signal);
    const again = { ...kept, refreshToken, idToken, expiresMs: endOf(renewed) };
    await keepRefresh(claims, again, signal);
    return idToken;
  }

  return {
    async keep(claims, { idToken, accessToken, refreshToken }, signal) {
      await states.delete(userInfoKey(claims), signal);
      await write(accessKey(claims), accessToken, sessionMs(), signal);
      if (refreshToken === '') return;
      const expiresMs = endOf(claims);
      await keepRefresh(claims, { refreshToken, idToken, expiresMs, sinceMs: clock.now() }, signal);
    },
    async renew(claims, signal) {
      // A refresh token may count once only: requests that come together use it together.
      return await locks.run(tokenKey(claims), signal, () => refresh(claims, signal));
    },
    async userInfo(claims, signal) {
      const { userInfo } = provider.settings;
      const known = await read(userInfoKey(claims), signal);
      if (isJsonObject(known)) return known;
      const accessToken = await read(accessKey(claims), signal);
      if (typeof accessToken !== 'string' || userInfo === undefined)
        throw unauthenticated('the provider was not asked for groups: sign in with a browser');
      const answer = await askUserInfo(provider, accessToken, claims.sub ?? '');
      const leftMs = endOf(claims) - clock.now();
      await write(userInfoKey(claims), answer, userInfo.cacheMs || leftMs, signal);
      return answer;
    },
    async forget(claims, signal) {
      for (const key of [tokenKey(claims), accessKey(claims), userInfoKey(claims)])
        await states.delete(key, signal);
    },
  };
}

function accessMs(expiresIn: number | undefined): number {
  return expiresIn === undefined ? DEFAULT_ACCESS_MS : expiresIn * 1000;
}

async function askUserInfo(
  provider: Provider,
  accessToken: string,
  subject: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await fetchUserInfo(await provider.client(), accessToken, subject);
  } catch (cause) {
    throw unauthenticated('the provider does not say who it is', cause);
  }
}
