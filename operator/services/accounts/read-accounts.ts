import { type Account, readAccounts } from '../../core/access/accounts.ts';
import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import { textsOf } from '../../core/objects/object-texts.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';

/** Who makes tokens for local accounts. */
const LOCAL = 'argocd';

/** Whether somebody is a local account. Somebody of the identity provider with the same name is not. */
export function isAccount({ issuer, caller }: Requester, name: string): boolean {
  return issuer === LOCAL && caller?.subject === name;
}

/** The accounts that somebody may see, their own always, sorted by name. */
export function listAccounts({ ports }: ControlPlane, requester: Requester): readonly Account[] {
  const mayGet = (object: string): boolean =>
    ports.access.decide(requester.caller, { resource: 'accounts', action: 'get', object }).allowed;
  return accountsOf(ports)
    .filter(({ name }) => isAccount(requester, name) || mayGet(name))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Errors: `PermissionDenied` for another's account without `accounts, get`; `NotFound`. */
export function findAccount({ ports }: ControlPlane, requester: Requester, name: string): Account {
  if (!isAccount(requester, name))
    enforce(requester, { resource: 'accounts', action: 'get', object: name }, ports.access);
  return existing(
    accountsOf(ports).find((account) => account.name === name),
    name,
  );
}

/** Errors: `NotFound` when there is none. */
export function existing(account: Account | undefined, name: string): Account {
  if (account !== undefined) return account;
  throw new TiphysError('NotFound', `account '${name}' does not exist`, {
    hint: `Accounts are named by keys accounts.NAME of the ConfigMap argocd-cm.`,
  });
}

function accountsOf({ config }: ControlPlane['ports']): readonly Account[] {
  const texts = textsOf(config.configMap('argocd-cm'));
  return [...readAccounts(texts, textsOf(config.secret('argocd-secret'))).byName.values()];
}
