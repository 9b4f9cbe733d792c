import type { IncomingHttpHeaders } from 'node:http';
import { hasCode, TiphysError } from '../../operator/index.ts';
import { type Authenticated, type Authenticator, NOBODY } from '../../operator/services/index.ts';
import type { RouteAccess } from '../route.ts';
import { tokenOf } from './token-of.ts';

export interface AuthenticateOptions {
  readonly authenticator: Authenticator;
  /** Whether those without a token are let in, as nobody in particular. */
  readonly allowsAnonymous: () => boolean;
}

/**
 * Who sends a request (`spec/api.md` 0.5). What anybody may ask is asked as nobody when the token does
 * not count. Errors: `Unauthenticated`.
 */
export async function authenticate(
  headers: IncomingHttpHeaders,
  access: RouteAccess,
  { authenticator, allowsAnonymous }: AuthenticateOptions,
  signal: AbortSignal,
): Promise<Authenticated> {
  const nobody: Authenticated = { requester: NOBODY };
  const needsNone = access.type === 'public' || allowsAnonymous();
  const token = tokenOf(headers);
  if (token === undefined) {
    if (needsNone) return nobody;
    throw new TiphysError('Unauthenticated', 'no session information');
  }
  try {
    return await authenticator.authenticate(token, signal);
  } catch (error) {
    if (needsNone && hasCode(error, 'Unauthenticated')) return nobodyAfter(error);
    throw error;
  }
}

/** A token of the provider that has expired is remembered, so that a page sends its owner there again. */
function nobodyAfter({ fields }: TiphysError): Authenticated {
  const { issuer } = fields;
  return { requester: typeof issuer === 'string' ? { ...NOBODY, issuer } : NOBODY };
}
