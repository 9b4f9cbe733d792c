import { type Account, writeTokens } from '../../core/access/accounts.ts';
import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import type { ControlPlane } from '../control-plane.ts';
import { recordMutation } from '../audit.ts';
import { enforce } from '../enforce.ts';
import { isAccount } from './read-accounts.ts';
import { writeAccount } from './write-account.ts';

export interface NewToken {
  /** Empty: one is made up. */
  readonly id: string;
  /** Seconds; 0: it never expires. */
  readonly expiresIn: number;
}

const MAX_ID_LENGTH = 253;
/** A hundred years. */
const MAX_SECONDS = 100 * 365 * 24 * 3_600;

/**
 * A token for a machine, whose text is told this once. Errors: `PermissionDenied` for another's account
 * without `accounts, update`; `NotFound`; `RequestFailed` for an account that is for people only, or an
 * id that is taken; `InvalidRequest`.
 */
export async function createAccountToken(
  controlPlane: ControlPlane,
  requester: Requester,
  name: string,
  { id, expiresIn }: NewToken,
  signal: AbortSignal,
): Promise<string> {
  const { ports } = controlPlane;
  assertMayUpdate(controlPlane, requester, name);
  if (expiresIn < 0 || expiresIn > MAX_SECONDS)
    throw new TiphysError('InvalidRequest', `expiresIn: must be from 0 to ${MAX_SECONDS} seconds`);
  if (id.length > MAX_ID_LENGTH)
    throw new TiphysError('InvalidRequest', `id: is longer than ${MAX_ID_LENGTH} characters`);
  const lifetime = { lifetimeMs: expiresIn * 1000, ...(id !== '' && { id }) };
  const issued = await ports.tokens.issue(`${name}:apiKey`, lifetime);
  const { token, ...entry } = issued;
  const object = await writeAccount(
    controlPlane,
    name,
    (account) => {
      assertCanHaveToken(account, entry.id);
      return { tokens: writeTokens([...account.tokens, entry]) };
    },
    signal,
  );
  const what = `created token ${entry.id} of account ${name}`;
  recordMutation(ports.events, requester, { reason: 'ResourceUpdated', object, what });
  return token;
}

/** The token counts no more. Errors: `PermissionDenied` as above; `NotFound`. */
export async function deleteAccountToken(
  controlPlane: ControlPlane,
  requester: Requester,
  { name, id }: { readonly name: string; readonly id: string },
  signal: AbortSignal,
): Promise<void> {
  assertMayUpdate(controlPlane, requester, name);
  const object = await writeAccount(
    controlPlane,
    name,
    ({ tokens }) => {
      const left = tokens.filter((token) => token.id !== id);
      if (left.length < tokens.length) return { tokens: writeTokens(left) };
      throw new TiphysError('NotFound', `token with id '${id}' does not exist`);
    },
    signal,
  );
  const what = `deleted token ${id} of account ${name}`;
  recordMutation(controlPlane.ports.events, requester, {
    ...{ reason: 'ResourceUpdated', object, what },
  });
}

function assertMayUpdate({ ports }: ControlPlane, requester: Requester, name: string): void {
  if (isAccount(requester, name)) return;
  enforce(requester, { resource: 'accounts', action: 'update', object: name }, ports.access);
}

function assertCanHaveToken({ name, capabilities, tokens }: Account, id: string): void {
  if (!capabilities.includes('apiKey'))
    throw new TiphysError('RequestFailed', `account '${name}' does not have apiKey capability`, {
      hint: `Add apiKey to accounts.${name} of the ConfigMap argocd-cm.`,
    });
  if (tokens.some((token) => token.id === id))
    throw new TiphysError('RequestFailed', `account already has token with id '${id}'`);
}
