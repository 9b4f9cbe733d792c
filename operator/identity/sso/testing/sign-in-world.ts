import { type OidcIssuer, startOidcIssuer } from '../../../../e2e/controlplane/oidc-issuer.ts';
import { type Browser, createBrowser } from '../../../../e2e/language/browser.ts';
import { createMemoryStateCache } from '../../../cache/memory-state-cache.ts';
import type { KubeObject } from '../../../core/objects/kube-object.ts';
import { encodeText } from '../../../core/objects/object-texts.ts';
import { silentLogger } from '../../../live/testing/silent-logger.ts';
import type { Authenticated } from '../../../ports/authenticator.ts';
import type { LoginAnswer, LoginStart } from '../../../ports/browser-sign-in.ts';
import type { StateCache } from '../../../ports/state-cache.ts';
import type { Clock } from '../../../ports/clock.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { DexAddress } from '../provider.ts';
import { createIdentity, type Identity } from '../../create-identity.ts';

export const signal: AbortSignal = AbortSignal.timeout(60_000);
export const BASE = 'https://argo.test';
export const KEY = 'the key of the server';
/** Ended when the tests have. */
export const stack: AsyncDisposableStack = new AsyncDisposableStack();

const USER = {
  sub: 'user-1',
  email: 'ann@example.com',
  groups: ['team', 'ops'],
};

/** A provider with a client for us, one for a CLI and one for somebody else. */
export async function issuer(
  over: Partial<Parameters<typeof startOidcIssuer>[0]> = {},
): Promise<OidcIssuer> {
  return stack.use(
    await startOidcIssuer({
      clients: [
        { id: 'argo', secret: 'a secret', redirects: [`${BASE}/auth/callback`] },
        { id: 'cli', secret: '', redirects: ['http://localhost:8085/auth/callback'] },
        { id: 'other', secret: 'b', redirects: [`${BASE}/auth/callback`] },
      ],
      user: USER,
      ...over,
    }),
  );
}

/** An identity, and what a test does with it. */
export interface SignInWorld {
  readonly identity: Identity;
  readonly browser: Browser;
  readonly states: StateCache;
  /** The settings that it began with. */
  readonly data: Readonly<Record<string, string>>;
  begin(returnUrl?: string): Promise<LoginStart>;
  signIn(returnUrl?: string): Promise<LoginAnswer>;
  /** Time goes by here, not for the provider. */
  pass(ms: number): void;
  /** Other settings, instead of all that were. */
  change(data: Readonly<Record<string, string>>): void;
  ask(token: string): Promise<Authenticated>;
  /** Why a token does not count, or `none`. */
  refusal(token: string): Promise<string>;
}

/** An identity whose provider it is, and a browser. */
export function setUp(
  provider: Pick<OidcIssuer, 'url'>,
  oidc: object = {},
  config: Readonly<Record<string, string>> = {},
  dex?: DexAddress,
): SignInWorld {
  let aheadMs = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => Date.now() + aheadMs,
    monotonic: () => performance.now() + aheadMs,
  };
  const settings = {
    ...{ name: 'Test', issuer: provider.url, clientID: 'argo', clientSecret: '$oidc.secret' },
    cliClientID: 'cli',
    ...oidc,
  };
  const data = { url: BASE, 'oidc.config': JSON.stringify(settings), ...config };
  let map: KubeObject = cm(data);
  const listeners = new Set<(object: KubeObject) => void>();
  const secret: KubeObject = {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: {} },
    data: { 'server.secretkey': encodeText(KEY), 'oidc.secret': encodeText('a secret\n') },
  };
  const states = createMemoryStateCache({ clock });
  const identity = stack.use(
    createIdentity({
      config: {
        configMap: () => map,
        secret: (name) => (name === 'argocd-secret' ? secret : undefined),
        secretsOfType: () => [],
        observe() {},
        observeGone() {},
        onChange(listener) {
          listeners.add(listener);
          return { [Symbol.dispose]: () => void listeners.delete(listener) };
        },
      },
      projects: { get: () => undefined },
      ...{ states, clock, random: () => 0, logger: silentLogger },
      access: { scopes: ['groups'] },
      ...(dex !== undefined && { dex }),
    }),
  );
  const browser = createBrowser(signal);
  const begin = (returnUrl = '') =>
    identity.browser.begin({ returnUrl, host: 'argo.test' }, signal);
  async function signIn(returnUrl = '') {
    const { redirect, state } = await begin(returnUrl);
    const { url } = await browser.visit(redirect, { until: BASE });
    return await identity.browser.finish(
      { search: url.searchParams, host: 'argo.test', state },
      signal,
    );
  }
  return {
    ...{ identity, browser, begin, signIn, states, data },
    pass: (ms: number) => void (aheadMs += ms),
    change(data: Readonly<Record<string, string>>) {
      map = cm(data);
      for (const listener of listeners) listener(map);
    },
    ask: (token: string) => identity.authenticator.authenticate(token, signal),
    async refusal(token: string) {
      try {
        await identity.authenticator.authenticate(token, signal);
        return 'none';
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        return code === 'Unauthenticated'
          ? message.replace('invalid session: ', '')
          : `${code}: ${message}`;
      }
    },
  };
}

const cm = (data: Readonly<Record<string, string>>): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm' }, data },
});
export const OFFLINE: { readonly requestedScopes: readonly string[] } = {
  requestedScopes: ['openid', 'email', 'groups', 'offline_access'],
};
export const FAILED = 'failed to verify the token';
