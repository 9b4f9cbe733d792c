import { readSignInSettings } from '../../core/access/sign-in-settings.ts';
import type { Requester } from '../../core/access/requester.ts';
import { hasCode, TiphysError } from '../../core/errors.ts';
import { textsOf } from '../../core/objects/object-texts.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { isAccount } from './read-accounts.ts';
import { writeAccount } from './write-account.ts';

export interface PasswordChange {
  /** Empty: one's own. */
  readonly name: string;
  readonly newPassword: string;
  /** Of whoever asks, not of the account that is changed. */
  readonly currentPassword: string;
  /** Network address of the client. */
  readonly address: string;
}

/** Who comes from an identity provider shows a token that is no older. */
const MAX_AGE_S = 5 * 60;

/**
 * Sets the password of an account; its older tokens count no more. Who is a local account shows its own
 * password once more, which is one more guess for the throttle.
 *
 * Errors: `PermissionDenied` for another's account, or from a provider, without `accounts, update`;
 * `InvalidRequest` for a wrong password and for a role of a project that names no account;
 * `RequestFailed` when the new one is not as `passwordPattern` wants it; `NotFound`.
 */
export async function changePassword(
  controlPlane: ControlPlane,
  requester: Requester,
  change: PasswordChange,
  signal: AbortSignal,
): Promise<void> {
  const { ports } = controlPlane;
  const subject = requester.caller?.subject ?? '';
  const isLocal = requester.issuer === 'argocd';
  if (change.name === '' && isLocal && subject.startsWith('proj:'))
    throw new TiphysError('InvalidRequest', 'name: a role of a project has no password', {
      hint: 'Name the account whose password is to be changed.',
    });
  const name = change.name === '' ? subject : change.name;
  if (!isAccount(requester, name))
    enforce(requester, { resource: 'accounts', action: 'update', object: name }, ports.access);
  if (isLocal) await prove(controlPlane, subject, change, signal);
  else assertIsFresh(requester, ports.clock.now());
  const { passwordPattern } = readSignInSettings(textsOf(ports.config.configMap('argocd-cm')));
  if (!ports.passwords.isAllowed(change.newPassword, passwordPattern))
    throw new TiphysError(
      'RequestFailed',
      `new password does not match the following expression: ${passwordPattern}.`,
    );
  const password = await ports.passwords.hash(change.newPassword, signal);
  const passwordMtime = new Date(ports.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const object = await writeAccount(
    controlPlane,
    name,
    () => ({ password, passwordMtime }),
    signal,
  );
  const what = `changed the password of account ${name}`;
  recordMutation(ports.events, requester, { reason: 'ResourceUpdated', object, what });
}

async function prove(
  { ports }: ControlPlane,
  username: string,
  { currentPassword: password, address }: PasswordChange,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ports.sessions.provePassword({ username, password, address }, signal);
  } catch (error) {
    if (!hasCode(error, 'Unauthenticated', 'InvalidRequest')) throw error;
    throw new TiphysError('InvalidRequest', 'current password does not match', { hint: '' });
  }
}

function assertIsFresh({ issuedAt = 0 }: Requester, nowMs: number): void {
  if (nowMs / 1000 - issuedAt <= MAX_AGE_S) return;
  throw new TiphysError('RequestFailed', 'SSO token is too old', { hint: 'Sign in again.' });
}
