import type { JWTPayload } from 'jose';
import type { AccessControl } from '../ports/access-control.ts';
import type { ProjectStore } from '../ports/app-store.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { BrowserSignIn } from '../ports/browser-sign-in.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Passwords, Sessions, TokenIssuer } from '../ports/identity.ts';
import type { StateCache } from '../ports/state-cache.ts';
import type { Logger } from '../ports/telemetry.ts';
import { followIdentity } from './accounts-of.ts';
import { createAuthenticator } from './create-authenticator.ts';
import { createLocalTokens, ISSUER, issuerOf } from './local-tokens.ts';
import { createBrowserSignIn } from './sso/create-browser-sign-in.ts';
import { followSso } from './sso/follow-sso.ts';
import { type DexAddress, ExpiredIdToken, type Provider } from './sso/provider.ts';
import { createProviderTokens, revocationId } from './sso/provider-tokens.ts';
import { createPasswords } from './passwords.ts';
import { createRevocations } from './revocations.ts';
import { createPasswordCheck, DEFAULT_LIMITS, type SignInLimits } from './sign-in.ts';

export interface IdentityOptions {
  readonly config: ConfigStore;
  readonly projects: Pick<ProjectStore, 'get'>;
  readonly states: StateCache;
  readonly access: Pick<AccessControl, 'scopes'>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** How we reach Dex, which browsers find at our own address. */
  readonly dex?: DexAddress;
  readonly limits?: Partial<SignInLimits>;
  /** Where the pages are below our address; default `/`. */
  readonly basePath?: string;
}

/** Who it is, and how one shows it. */
export interface Identity extends AsyncDisposable {
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly tokens: TokenIssuer;
  readonly passwords: Passwords;
  readonly browser: BrowserSignIn;
  /** Whether those without a token are let in, as nobody in particular. */
  allowsAnonymous(): boolean;
  /** The path below which Dex serves, which is that of its issuer; `undefined` when it is not the provider now. */
  dexPath(): string | undefined;
}

/** A token that never expires is remembered as revoked for so long. */
const FOREVER_MS = 10 * 365 * 24 * 3_600_000;

/** Wires tokens, passwords and accounts. Nothing runs until somebody asks. */
export function createIdentity(options: IdentityOptions): Identity {
  const { config, projects, states, access, clock, random, logger } = options;
  const stack = new AsyncDisposableStack();
  const identity = followIdentity(config, logger);
  const tokens = createLocalTokens({ key: () => identity().secretKey, clock });
  const passwords = stack.use(createPasswords());
  const revocations = stack.use(createRevocations({ states, clock }));
  const check = createPasswordCheck({
    ...{ passwords, clock, random },
    accounts: () => identity().accounts,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  });
  const sso = stack.use(
    followSso({
      ...{ config, states, clock, logger },
      sessionMs: () => identity().settings.sessionMs,
      ...(options.dex !== undefined && { dex: options.dex }),
    }),
  );
  const signOut: Sessions['signOut'] = async (token, signal) => {
    const isOurs = issuerOf(token) === ISSUER;
    const active = isOurs ? undefined : sso.current();
    const claims =
      active === undefined ? await tokens.verify(token) : await claimsOf(active.provider, token);
    const leftMs =
      claims.exp === undefined
        ? FOREVER_MS
        : // One that has expired could still be renewed.
          Math.max(
            claims.exp * 1000 - clock.now(),
            active === undefined ? 0 : identity().settings.sessionMs,
          );
    await active?.sessions.forget(claims, signal);
    await revocations.revoke(revocationId(claims, token), leftMs, signal);
  };
  return {
    authenticator: createAuthenticator({
      ...{ identity, tokens, projects, revocations, access, clock },
      provider: createProviderTokens({ sso, revocations, access, clock, logger }),
    }),
    browser: createBrowserSignIn({
      sso,
      config,
      signOut,
      basePath: options.basePath ?? '/',
      logger,
    }),
    sessions: {
      async signIn(credentials, signal) {
        const { name } = await check.signIn(credentials, signal);
        const lifetimeMs = identity().settings.sessionMs;
        return (await tokens.sign(`${name}:login`, { lifetimeMs })).token;
      },
      async provePassword(credentials, signal) {
        await check.prove(credentials, signal);
      },
      signOut,
    },
    tokens: { issue: (subject, lifetime) => tokens.sign(subject, lifetime) },
    passwords,
    allowsAnonymous: () => identity().settings.anonymous,
    dexPath() {
      const { type, issuer = '' } = sso.current()?.provider.settings ?? {};
      return type === 'dex' ? new URL(issuer).pathname : undefined;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Of a token that counts, or did. Errors: `Unauthenticated`. */
async function claimsOf(provider: Provider, token: string): Promise<JWTPayload> {
  try {
    return await provider.verify(token);
  } catch (error) {
    if (error instanceof ExpiredIdToken) return error.claims;
    throw error;
  }
}
