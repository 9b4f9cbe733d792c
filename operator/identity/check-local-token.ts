import type { Account, Accounts, Capability } from '../core/access/accounts.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { LocalClaims } from './local-tokens.ts';

/** Whose a token of ours is. */
export type LocalSubject =
  | { readonly type: 'role'; readonly project: string; readonly role: string }
  | { readonly type: 'account'; readonly name: string; readonly capability: Capability };

/** Reads `proj:PROJECT:ROLE`, `ACCOUNT:login`, `ACCOUNT:apiKey` and `ACCOUNT`, which is as the one before. */
export function readSubject(subject: string): LocalSubject | undefined {
  const parts = subject.split(':');
  const [first = '', second = 'apiKey', third = ''] = parts;
  if (first === 'proj' && parts.length === 3 && second !== '' && third !== '')
    return { type: 'role', project: second, role: third };
  if (first === '' || parts.length > 2) return undefined;
  return second === 'login' || second === 'apiKey'
    ? { type: 'account', name: first, capability: second }
    : undefined;
}

/**
 * Why a token of a role, rightly signed, does not count; `undefined`: it does. It must be in the list
 * of its project by its id; tokens from before ids by the second in which they were made.
 */
export function refuseRoleToken(
  { jti, iat }: Pick<LocalClaims, 'jti' | 'iat'>,
  role: string,
  project: KubeObject | undefined,
): string | undefined {
  if (project === undefined) return 'the project does not exist';
  const tokens = tokensOfRole(project, role);
  const isKnown = tokens.some((token) => jti !== undefined && jti !== '' && token['id'] === jti);
  const isOld = tokens.some(
    (token) =>
      (jti === undefined || token['id'] === undefined || token['id'] === '') &&
      token['iat'] === iat,
  );
  return isKnown || isOld ? undefined : 'the token does not exist in the project';
}

/** Of the status, which is what counts; of the spec, where the status does not say anything of the role. */
function tokensOfRole(
  project: KubeObject,
  role: string,
): readonly Readonly<Record<string, JsonValue | undefined>>[] {
  const status = memberOf(memberOf(project['status'], 'jwtTokensByRole'), role);
  const items = memberOf(status, 'items');
  if (isJsonArray(items)) return items.filter(isJsonObject);
  const roles = memberOf(project['spec'], 'roles');
  const mine = isJsonArray(roles) ? roles.find((one) => memberOf(one, 'name') === role) : undefined;
  const written = memberOf(mine, 'jwtTokens');
  return isJsonArray(written) ? written.filter(isJsonObject) : [];
}

function memberOf(value: unknown, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Why a token of an account, rightly signed, does not count; `undefined`: it does (`spec/api.md` 4.2). */
export function refuseAccountToken(
  { jti, iat }: Pick<LocalClaims, 'jti' | 'iat'>,
  subject: Extract<LocalSubject, { type: 'account' }>,
  accounts: Accounts,
  isRevoked: boolean,
): string | undefined {
  const { name, capability } = subject;
  const account = accounts.byName.get(name);
  if (account === undefined) return `account ${name} does not exist`;
  if (!account.enabled) return `account ${name} is disabled`;
  if (!account.capabilities.includes(capability))
    return `account ${name} does not have ${capability} capability`;
  if (jti === undefined || jti === '') return 'the token has no id';
  if (isRevoked) return 'the token was revoked';
  if (capability === 'apiKey' && !account.tokens.some(({ id }) => id === jti))
    return `account ${name} does not have token with that id`;
  return isOlderThanPassword(iat, account)
    ? 'account password has changed since token issued'
    : undefined;
}

/** Tokens know whole seconds: a token made in the second of the change counts. */
function isOlderThanPassword(issuedAt: number, { passwordChanged }: Account): boolean {
  const changed = Math.floor(Date.parse(passwordChanged) / 1000);
  return !Number.isNaN(changed) && issuedAt < changed;
}
