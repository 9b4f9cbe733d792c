import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import type { Credentials } from '../../ports/identity.ts';
import type { ControlPlane } from '../control-plane.ts';

/** Who somebody is, for a page that greets. */
export interface UserInfo {
  readonly loggedIn: boolean;
  readonly username: string;
  /** Who made the token; `sso` when one of the provider has expired, so that one goes there again. */
  readonly issuer: string;
  readonly groups: readonly string[];
}

/**
 * A token for whoever knows the password of an account. Errors: `Unauthenticated`, in the same words for
 * any reason that only the owner may know; `InvalidRequest` for a name that none can have.
 */
export async function signIn(
  { ports }: ControlPlane,
  { token = '', ...credentials }: Credentials & { readonly token?: string },
  signal: AbortSignal,
): Promise<string> {
  if (token !== '')
    throw new TiphysError('Unauthenticated', 'token-based session creation is not supported', {
      hint: 'Send username and password, or use the token as it is.',
    });
  const counted = (status: 'success' | 'failure'): void =>
    ports.metrics.count('argocd_login_request_total', { status });
  try {
    const made = await ports.sessions.signIn(credentials, signal);
    counted('success');
    return made;
  } catch (error) {
    if (!signal.aborted) counted('failure');
    throw error;
  }
}

/** Tells somebody who they are; nobody is not logged in. */
export function userInfo({ caller, username, issuer }: Requester): UserInfo {
  if (caller === undefined) return { loggedIn: false, username: '', issuer, groups: [] };
  return { loggedIn: true, username, issuer, groups: caller.groups };
}
