import { hasCode, TiphysError } from '../../core/errors.ts';
import { textsOf } from '../../core/objects/object-texts.ts';
import type { BrowserSignIn } from '../../ports/browser-sign-in.ts';
import type { ConfigStore } from '../../ports/config-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { ISSUER, issuerOf } from '../local-tokens.ts';
import { beginLogin, finishLogin } from './browser-login.ts';
import type { ActiveSso, FollowedSso } from './follow-sso.ts';
import { baseOf } from './return-url.ts';
import { readUrls } from './sso-settings.ts';

export interface BrowserSignInOptions {
  readonly sso: Pick<FollowedSso, 'current'>;
  readonly config: Pick<ConfigStore, 'configMap'>;
  /** Ends a session. Errors: `Unauthenticated` when there is none. */
  readonly signOut: (token: string, signal: AbortSignal) => Promise<void>;
  /** Where the pages are below our address: `/`, or a path behind a proxy. */
  readonly basePath: string;
  readonly logger: Logger;
}

export function createBrowserSignIn(options: BrowserSignInOptions): BrowserSignIn {
  const { sso, config, signOut, logger } = options;
  const pages = `/${options.basePath.replace(/^\/+|\/+$/g, '')}/`.replace('//', '/');

  function active(): ActiveSso {
    const found = sso.current();
    if (found !== undefined) return found;
    throw new TiphysError('NotFound', 'there is no provider to sign in with');
  }

  async function logged<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!hasCode(error, 'InvalidRequest'))
        logger.warn({ err: error as Error }, 'signing in with the provider failed');
      throw error;
    }
  }

  return {
    isConfigured: () => sso.current() !== undefined,
    begin: (request, signal) => logged(() => beginLogin(request, active()), signal),
    finish: (answer, signal) => logged(() => finishLogin(answer, active(), signal), signal),
    async end({ token, host }, signal) {
      const base = baseOf(host, readUrls(textsOf(config.configMap('argocd-cm'))));
      const home = base === undefined ? pages : `${base}/`;
      try {
        await signOut(token, signal);
      } catch (error) {
        if (hasCode(error, 'Unauthenticated')) return home;
        signal.throwIfAborted();
        // The cookie goes in any case.
        logger.warn({ err: error as Error }, 'a session could not be revoked');
      }
      const { logoutUrl = '' } = sso.current()?.provider.settings ?? {};
      return issuerOf(token) === ISSUER || logoutUrl === ''
        ? home
        : logoutUrl
            .replaceAll('{{token}}', () => encodeURIComponent(token))
            .replaceAll('{{logoutRedirectURL}}', () => encodeURIComponent(home));
    },
  };
}
