import type { ObjectTexts } from '../../core/objects/object-texts.ts';
import { textsOf } from '../../core/objects/object-texts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ConfigStore } from '../../ports/config-store.ts';
import type { StateCache } from '../../ports/state-cache.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { createProvider, type DexAddress, type Provider } from './provider.ts';
import { createProviderSessions, type ProviderSessions } from './provider-session.ts';
import { createSeal, type Seal } from './seal.ts';
import { secretsIn } from './secret-references.ts';
import { readSsoSettings } from './sso-settings.ts';

/** A provider that people can sign in with now. */
export interface ActiveSso {
  readonly provider: Provider;
  readonly sessions: ProviderSessions;
  readonly seal: Seal;
}

export interface FollowedSso extends AsyncDisposable {
  /** `undefined`: there is no provider. */
  current(): ActiveSso | undefined;
}

export interface FollowSsoOptions {
  readonly config: Pick<ConfigStore, 'configMap' | 'secret' | 'onChange'>;
  readonly states: StateCache;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessionMs: () => number;
  readonly dex?: DexAddress;
}

/** The provider as the settings are now: made anew when they change, without a restart. */
export function followSso(options: FollowSsoOptions): FollowedSso {
  const { config, states, clock, logger, sessionMs, dex } = options;
  const stack = new AsyncDisposableStack();
  let isStale = true;
  let madeOf = '';
  let active: ActiveSso | undefined;
  stack.use(config.onChange(() => void (isStale = true)));

  function make(texts: ObjectTexts, secretKey: string): void {
    const { sso, problems } = readSsoSettings({
      ...{ config: texts, secretKey },
      resolve: secretsIn(config),
    });
    const text = JSON.stringify([sso, problems, secretKey]);
    if (text === madeOf) return;
    madeOf = text;
    for (const problem of problems)
      logger.warn({ problem }, 'a provider of identities is not right');
    const before = active;
    // Whoever is in the middle of a request to the provider ends it.
    void Promise.resolve(before?.provider[Symbol.asyncDispose]()).catch(() => {});
    active = undefined;
    if (sso === undefined || secretKey === '') return;
    const provider = createProvider({
      ...{ settings: sso, clock },
      ...(sso.type === 'dex' && dex !== undefined && { dex }),
    });
    const seal = createSeal(secretKey);
    const sessions = createProviderSessions({ provider, states, seal, clock, sessionMs });
    active = { provider, sessions, seal };
    logger.info({ issuer: sso.issuer }, 'people sign in with a provider');
  }

  return {
    current() {
      if (isStale) {
        isStale = false;
        const secretKey = textsOf(config.secret('argocd-secret')).get('server.secretkey') ?? '';
        make(textsOf(config.configMap('argocd-cm')), secretKey);
      }
      return active;
    },
    async [Symbol.asyncDispose]() {
      await stack.disposeAsync();
      await active?.provider[Symbol.asyncDispose]();
    },
  };
}
