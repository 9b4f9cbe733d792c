import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';
import type { ObjectTexts } from '../objects/object-texts.ts';

/** What an account can be used for: to sign in, and to make tokens for machines. */
export type Capability = 'login' | 'apiKey';

/** A token for a machine that counts; without its text, which nobody keeps. Times in seconds since 1970. */
export interface AccountToken {
  readonly id: string;
  readonly issuedAt: number;
  /** 0: never. */
  readonly expiresAt: number;
}

/** A local account, as `argocd-cm` and `argocd-secret` say (`spec/api.md` 4.3). */
export interface Account {
  readonly name: string;
  readonly enabled: boolean;
  readonly capabilities: readonly Capability[];
  readonly tokens: readonly AccountToken[];
  /** Bcrypt; empty when there is none, and then nobody can sign in. A secret. */
  readonly passwordHash: string;
  /** RFC 3339; tokens that are older do not count. Empty when it is not known. */
  readonly passwordChanged: string;
}

export interface Accounts {
  readonly byName: ReadonlyMap<string, Account>;
  /** What was passed over, and why. */
  readonly problems: readonly string[];
}

export const ADMIN = 'admin';

/** Reads the local accounts; `admin` is always one of them. Never throws. */
export function readAccounts(config: ObjectTexts, secrets: ObjectTexts): Accounts {
  const problems: string[] = [];
  const names = [...config.keys()].flatMap((key) => /^accounts\.([^.]+)$/.exec(key)?.[1] ?? []);
  const byName = new Map<string, Account>();
  for (const name of new Set([ADMIN, ...names]))
    byName.set(name, readAccount(name, config, secrets, problems));
  return { byName, problems };
}

/** Where a value of an account stands in `argocd-secret`. */
export function accountKey(name: string, what: 'password' | 'passwordMtime' | 'tokens'): string {
  return name === ADMIN ? `${ADMIN}.${what}` : `accounts.${name}.${what}`;
}

/** The tokens as they are kept. */
export function writeTokens(tokens: readonly AccountToken[]): string {
  return JSON.stringify(
    tokens.map(({ id, issuedAt, expiresAt }) => ({
      id,
      iat: issuedAt,
      ...(expiresAt !== 0 && { exp: expiresAt }),
    })),
  );
}

function readAccount(
  name: string,
  config: ObjectTexts,
  secrets: ObjectTexts,
  problems: string[],
): Account {
  const written = config.get(`accounts.${name}`) ?? (name === ADMIN ? 'login' : '');
  const enabled = config.get(name === ADMIN ? 'admin.enabled' : `accounts.${name}.enabled`);
  return {
    name,
    enabled: (enabled ?? 'true').trim() === 'true',
    capabilities: readCapabilities(name, written, problems),
    tokens: readTokens(name, secrets.get(accountKey(name, 'tokens')) ?? '', problems),
    passwordHash: (secrets.get(accountKey(name, 'password')) ?? '').trim(),
    passwordChanged: (secrets.get(accountKey(name, 'passwordMtime')) ?? '').trim(),
  };
}

function readCapabilities(
  name: string,
  written: string,
  problems: string[],
): readonly Capability[] {
  const capabilities = new Set<Capability>();
  for (const word of written.split(',').map((part) => part.trim())) {
    if (word === 'login' || word === 'apiKey') capabilities.add(word);
    else if (word !== '')
      problems.push(`accounts.${name}: "${word.slice(0, 50)}" is neither login nor apiKey`);
  }
  return [...capabilities];
}

function readTokens(name: string, written: string, problems: string[]): readonly AccountToken[] {
  if (written.trim() === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    value = undefined;
  }
  const read = isJsonArray(value) ? value.map(readToken) : [undefined];
  const tokens = read.filter((token) => token !== undefined);
  if (tokens.length < read.length)
    problems.push(`${accountKey(name, 'tokens')}: is not a list of {id, iat, exp}`);
  return tokens;
}

function readToken(value: JsonValue): AccountToken | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, iat, exp = 0 } = value;
  if (typeof id !== 'string' || id === '') return undefined;
  return typeof iat === 'number' && typeof exp === 'number'
    ? { id, issuedAt: iat, expiresAt: exp }
    : undefined;
}
