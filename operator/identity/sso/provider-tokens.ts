import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { groupsOf } from '../../core/access/decide-access.ts';
import type { Requester } from '../../core/access/requester.ts';
import { hasCode, TiphysError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/objects/json.ts';
import type { AccessControl } from '../../ports/access-control.ts';
import type { Authenticated, Authenticator } from '../../ports/authenticator.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { unauthenticated } from '../local-tokens.ts';
import type { Revocations } from '../revocations.ts';
import type { ActiveSso, FollowedSso } from './follow-sso.ts';
import { ExpiredIdToken } from './provider.ts';

export interface ProviderTokensOptions {
  readonly sso: Pick<FollowedSso, 'current'>;
  readonly revocations: Pick<Revocations, 'isRevoked'>;
  readonly access: Pick<AccessControl, 'scopes'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Checked {
  readonly token: string;
  readonly claims: JWTPayload;
}

/** Checks ID tokens of the provider (`spec/api.md` 5.3). What is wrong with one is told to the log only. */
export function createProviderTokens(options: ProviderTokensOptions): Authenticator {
  const { sso, revocations, access, clock, logger } = options;

  async function check(active: ActiveSso, token: string, signal: AbortSignal): Promise<Checked> {
    const { provider, sessions } = active;
    let claims: JWTPayload;
    let hasExpired = false;
    try {
      claims = await provider.verify(token);
    } catch (error) {
      if (!(error instanceof ExpiredIdToken)) throw error;
      claims = error.claims;
      hasExpired = true;
    }
    if (await revocations.isRevoked(revocationId(claims, token), signal))
      throw unauthenticated('the token was revoked');
    const leftMs = (claims.exp ?? 0) * 1000 - clock.now();
    if (!hasExpired && leftMs >= provider.settings.refreshThresholdMs) return { token, claims };
    const renewed = await tryRenew(() => sessions.renew(claims, signal), signal);
    if (renewed !== undefined) return { token: renewed, claims: await provider.verify(renewed) };
    if (hasExpired) throw expired();
    return { token, claims };
  }

  async function tryRenew(
    renew: () => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      return await renew();
    } catch (error) {
      signal.throwIfAborted();
      logger.info({ err: error as Error }, 'a token of the provider could not be renewed');
      return undefined;
    }
  }

  async function withUserInfo(
    { provider, sessions }: ActiveSso,
    claims: JWTPayload,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    if (provider.settings.userInfo === undefined) return claims;
    const told = await sessions.userInfo(claims, signal);
    const groups = access.scopes.filter((scope) => Object.hasOwn(told, scope));
    return { ...claims, ...Object.fromEntries(groups.map((scope) => [scope, told[scope]])) };
  }

  return {
    async authenticate(shown, signal): Promise<Authenticated> {
      const active = sso.current();
      if (active === undefined) throw unauthenticated('the issuer of the token is not known');
      try {
        const { token, claims } = await check(active, shown, signal);
        const all = await withUserInfo(active, claims, signal);
        const requester = providerRequester(all, access.scopes);
        return { requester, ...(token !== shown && { renewed: token }) };
      } catch (error) {
        signal.throwIfAborted();
        if (hasCode(error, 'Unauthenticated') && error.fields['issuer'] === undefined)
          logger.info({ err: error }, 'a token of the provider does not count');
        throw hasCode(error, 'Unauthenticated')
          ? error
          : unauthenticated('failed to verify the token', error);
      }
    },
  };
}

/** By what a token is revoked: what names it, if it has a name. */
export function revocationId(claims: JWTPayload, token: string): string {
  for (const name of ['jti', 'uti', 'at_hash']) {
    const value = claims[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return createHash('sha256').update(token).digest('base64url');
}

/** Told to whoever asks who they are, so that a page sends them to the provider again. */
function expired(): TiphysError {
  return new TiphysError('Unauthenticated', 'invalid session: the token has expired', {
    fields: { issuer: 'sso' },
  });
}

/** Dex tells the user's own id in `federated_claims`; its subject is made of it. */
function providerRequester(
  claims: Readonly<Record<string, unknown>>,
  scopes: readonly string[],
): Requester {
  const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
  const federated = claims['federated_claims'];
  const userId = isJsonObject(federated) ? textOf(federated['user_id']) : '';
  const subject = userId === '' ? textOf(claims['sub']) : userId;
  // Names that only we give.
  if (subject === '' || /^(proj|role):/.test(subject))
    throw unauthenticated('failed to verify the token');
  const email = textOf(claims['email']);
  const { iat } = claims as JWTPayload;
  return {
    caller: { subject, groups: groupsOf(claims, scopes) },
    username: email === '' ? subject : email,
    issuer: textOf(claims['iss']),
    issuedAt: typeof iat === 'number' ? iat : undefined,
    claims,
  };
}
