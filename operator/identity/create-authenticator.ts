import { groupsOf } from '../core/access/decide-access.ts';
import type { Requester } from '../core/access/requester.ts';
import type { AccessControl } from '../ports/access-control.ts';
import type { ProjectStore } from '../ports/app-store.ts';
import type { Authenticated, Authenticator } from '../ports/authenticator.ts';
import type { Clock } from '../ports/clock.ts';
import type { FollowedIdentity } from './accounts-of.ts';
import { readSubject, refuseAccountToken, refuseRoleToken } from './check-local-token.ts';
import {
  ISSUER,
  issuerOf,
  type LocalClaims,
  type LocalTokens,
  unauthenticated,
} from './local-tokens.ts';
import type { Revocations } from './revocations.ts';

export interface AuthenticatorOptions {
  readonly identity: () => FollowedIdentity;
  readonly tokens: LocalTokens;
  readonly projects: Pick<ProjectStore, 'get'>;
  readonly revocations: Pick<Revocations, 'isRevoked'>;
  readonly access: Pick<AccessControl, 'scopes'>;
  readonly clock: Clock;
  /** For what is not ours. */
  readonly provider: Authenticator;
}

/** A token of a sign-in is renewed when it has no longer left. */
const RENEW_BEFORE_S = 5 * 60;

/** Checks tokens: ours in the order of `spec/api.md` 4.2. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { identity, tokens, projects, revocations, access, clock, provider } = options;

  async function refusalOf(claims: LocalClaims, signal: AbortSignal): Promise<string | undefined> {
    const subject = readSubject(claims.sub);
    if (subject === undefined) return 'the token is not for an account';
    if (subject.type === 'role')
      return refuseRoleToken(claims, subject.role, projects.get(subject.project));
    const { jti = '' } = claims;
    const isRevoked = jti !== '' && (await revocations.isRevoked(jti, signal));
    return refuseAccountToken(claims, subject, identity().accounts, isRevoked);
  }

  async function renew({ sub, iat, exp }: LocalClaims): Promise<string | undefined> {
    if (exp === undefined || !sub.endsWith(':login')) return undefined;
    if (exp - clock.now() / 1000 >= RENEW_BEFORE_S) return undefined;
    return (await tokens.sign(sub, { lifetimeMs: (exp - iat) * 1000 })).token;
  }

  return {
    async authenticate(token, signal) {
      if (issuerOf(token) !== ISSUER) return await provider.authenticate(token, signal);
      const claims = await tokens.verify(token);
      const refusal = await refusalOf(claims, signal);
      if (refusal !== undefined) throw unauthenticated(refusal);
      const renewed = await renew(claims);
      const authenticated: Authenticated = { requester: localRequester(claims, access.scopes) };
      return renewed === undefined ? authenticated : { ...authenticated, renewed };
    },
  };
}

/** Policies name accounts without what the token is for. */
function localRequester(claims: LocalClaims, scopes: readonly string[]): Requester {
  const subject = claims.sub.replace(/^([^:]+):(login|apiKey)$/, '$1');
  return {
    caller: { subject, groups: groupsOf(claims, scopes) },
    username: subject,
    issuer: ISSUER,
    issuedAt: claims.iat,
    claims: { ...claims, sub: subject },
  };
}
