import type { Account, Accounts } from '../core/access/accounts.ts';
import { ADMIN } from '../core/access/accounts.ts';
import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Credentials, Passwords } from '../ports/identity.ts';
import { createKeyedLock } from '../runtime/keyed-lock.ts';
import { createFailureCount } from './failure-count.ts';
import { networkOf } from './network-of.ts';

/** How guessing is made slow. */
export interface SignInLimits {
  /** So many wrong passwords for an account, and further ones are not looked at; 0: no limit. */
  readonly maxFailures: number;
  /** The same for an address, from which many may come; 0: no limit. */
  readonly maxFailuresOfAddress: number;
  /** Failures are forgotten so long after the last one; 0: never. */
  readonly windowMs: number;
  /** Accounts and addresses that are remembered at most. */
  readonly maxTracked: number;
  /** Attempts at once; further ones are refused. 0: no limit. */
  readonly maxAtOnce: number;
}

export const DEFAULT_LIMITS: SignInLimits = {
  maxFailures: 5,
  maxFailuresOfAddress: 50,
  windowMs: 300_000,
  maxTracked: 10_000,
  maxAtOnce: 50,
};

export interface PasswordCheckOptions {
  readonly accounts: () => Accounts;
  readonly passwords: Passwords;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly limits: SignInLimits;
}

/** Who knows which password. */
export interface PasswordCheck {
  /** The account whose password it is, whatever it may be used for. Errors: `Unauthenticated`, `InvalidRequest`. */
  prove(credentials: Credentials, signal: AbortSignal): Promise<Account>;
  /** The same, when it can be used to sign in. */
  signIn(credentials: Credentials, signal: AbortSignal): Promise<Account>;
}

const MAX_NAME_BYTES = 32;
/** Every attempt takes as long as this and a random part of it. */
const PADDING_MS = 500;
/** Of a password that was made up and forgotten: an unknown account costs as much as a known one. */
const DUMMY_HASH = '$2b$10$k4m69GH.1NLSDfwSBPYG2uPXMc/iivykbZiED1LZCbehO0RGtX5WK';

/**
 * Checks passwords so that the answer, its words and the time it takes tell nothing of the accounts
 * (`spec/api.md` 4.5). Attempts for one account wait for each other: many at once are not more guesses.
 */
export function createPasswordCheck(options: PasswordCheckOptions): PasswordCheck {
  const { accounts, passwords, clock, random, limits } = options;
  const counting = { windowMs: limits.windowMs, maxEntries: limits.maxTracked, clock, random };
  const byAccount = createFailureCount({
    ...counting,
    ...{ max: limits.maxFailures, precious: ADMIN },
  });
  const byAddress = createFailureCount({
    ...counting,
    ...{ max: limits.maxFailuresOfAddress, precious: '' },
  });
  const locks = createKeyedLock();
  let atOnce = 0;

  async function check(
    { username, password, address }: Credentials,
    signal: AbortSignal,
  ): Promise<Account | undefined> {
    const network = networkOf(address);
    if (byAccount.isLocked(username) || byAddress.isLocked(network)) return undefined;
    const account = accounts().byName.get(username);
    const hash = account?.passwordHash ?? '';
    const matches = await passwords.matches(password, hash === '' ? DUMMY_HASH : hash, signal);
    if (account !== undefined && hash !== '' && matches) {
      // Who knows one password must not be able to go on guessing others.
      byAddress.forgive(network, byAccount.succeeded(username));
      return account;
    }
    byAccount.failed(username);
    if (network !== '') byAddress.failed(network);
    return undefined;
  }

  async function prove(credentials: Credentials, signal: AbortSignal): Promise<Account> {
    const { username, password } = credentials;
    if (username === '' || password === '') throw refusal('no credentials supplied');
    if (new TextEncoder().encode(username).length > MAX_NAME_BYTES)
      throw new TiphysError('InvalidRequest', `username: is longer than ${MAX_NAME_BYTES} bytes`);
    if (limits.maxAtOnce > 0 && atOnce >= limits.maxAtOnce) throw wrong();
    atOnce += 1;
    const dueMs = clock.monotonic() + PADDING_MS * (1 + random());
    try {
      const account = await locks.run(username, signal, () => check(credentials, signal));
      await clock.sleep(Math.max(0, dueMs - clock.monotonic()), signal);
      if (account === undefined) throw wrong();
      return account;
    } finally {
      atOnce -= 1;
    }
  }

  return {
    prove,
    async signIn(credentials, signal) {
      const account = await prove(credentials, signal);
      const { name, enabled, capabilities } = account;
      if (!enabled) throw refusal(`Account ${name} is disabled`);
      if (!capabilities.includes('login'))
        throw refusal(`Account ${name} does not have login capability`);
      return account;
    },
  };
}

/** The same words whatever is wrong. */
function wrong(): TiphysError {
  return refusal('Invalid username or password');
}

function refusal(message: string): TiphysError {
  return new TiphysError('Unauthenticated', message, { hint: '' });
}
