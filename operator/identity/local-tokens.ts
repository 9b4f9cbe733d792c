import { randomUUID } from 'node:crypto';
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { IssuedToken } from '../ports/identity.ts';

/** Who makes our tokens. */
export const ISSUER = 'argocd';

export interface LocalTokensOptions {
  /** `server.secretkey`, whose text is the key as it stands; `undefined` while there is none. */
  readonly key: () => string | undefined;
  readonly clock: Clock;
}

/** What a checked token says. */
export interface LocalClaims extends JWTPayload {
  readonly sub: string;
  readonly iat: number;
}

export interface LocalTokens {
  /** Without `lifetimeMs`, or with 0, it never expires. Errors: `NotPossibleNow` without a key. */
  sign(
    subject: string,
    options: { readonly id?: string; readonly lifetimeMs?: number },
  ): Promise<IssuedToken>;
  /** Errors: `Unauthenticated` when the signature or the times are not right. */
  verify(token: string): Promise<LocalClaims>;
}

/** Any HMAC counts, as the incumbent has it, and nothing else: no key of a provider, no `none`. */
const ALGORITHMS = ['HS256', 'HS384', 'HS512'];

/** Tokens of ours (`spec/api.md` 4.1). */
export function createLocalTokens({ key, clock }: LocalTokensOptions): LocalTokens {
  const secret = (): Uint8Array | undefined => {
    const text = key();
    return text === undefined || text === '' ? undefined : new TextEncoder().encode(text);
  };
  return {
    async sign(subject, { id = randomUUID(), lifetimeMs = 0 }) {
      const bytes = secret();
      if (bytes === undefined)
        throw new TiphysError('NotPossibleNow', 'tokens cannot be made: there is no key', {
          hint: 'argocd-secret has no server.secretkey; it is made when the server starts.',
        });
      const issuedAt = Math.floor(clock.now() / 1000);
      const expiresAt =
        lifetimeMs === 0 ? 0 : issuedAt + Math.max(1, Math.floor(lifetimeMs / 1000));
      const claims = new SignJWT()
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setSubject(subject)
        .setIssuedAt(issuedAt)
        .setNotBefore(issuedAt)
        .setJti(id);
      if (expiresAt !== 0) claims.setExpirationTime(expiresAt);
      return { token: await claims.sign(bytes), id, issuedAt, expiresAt };
    },
    async verify(token) {
      const bytes = secret();
      if (bytes === undefined) throw unauthenticated('no key is known');
      try {
        const { payload } = await jwtVerify(token, bytes, {
          algorithms: ALGORITHMS,
          issuer: ISSUER,
          requiredClaims: ['sub', 'iat'],
          currentDate: new Date(clock.now()),
        });
        const { sub, iat } = payload;
        if (typeof sub !== 'string' || typeof iat !== 'number')
          throw unauthenticated('the token says not whose it is');
        return { ...payload, sub, iat };
      } catch (error) {
        if (error instanceof TiphysError) throw error;
        throw unauthenticated(reasonOf(error), error);
      }
    },
  };
}

/** What a token's owner may be told of what is wrong with it. */
export function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf')
    return 'the token does not count yet';
  return 'failed to verify the token';
}

export function unauthenticated(reason: string, cause?: unknown): TiphysError {
  return new TiphysError('Unauthenticated', `invalid session: ${reason}`, {
    ...(cause !== undefined && { cause }),
  });
}

/** Nothing of it is believed: it tells only who is to check it. */
export function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw unauthenticated('failed to verify the token');
  }
}
