import { type Accounts, readAccounts } from '../core/access/accounts.ts';
import { readSignInSettings, type SignInSettings } from '../core/access/sign-in-settings.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { textsOf } from '../core/objects/object-texts.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Logger } from '../ports/telemetry.ts';

export interface FollowedIdentity {
  readonly accounts: Accounts;
  readonly settings: SignInSettings;
  /** `server.secretkey`. */
  readonly secretKey: string | undefined;
}

/** What the control plane says of accounts now; read anew when one of the objects changes. Logs what was passed over. */
export function followIdentity(
  config: Pick<ConfigStore, 'configMap' | 'secret'>,
  logger: Logger,
): () => FollowedIdentity {
  let last: { map: KubeObject | undefined; secret: KubeObject | undefined } | undefined;
  let current: FollowedIdentity | undefined;
  return () => {
    const map = config.configMap('argocd-cm');
    const secret = config.secret('argocd-secret');
    if (current === undefined || last?.map !== map || last?.secret !== secret) {
      last = { map, secret };
      const texts = textsOf(map);
      const secrets = textsOf(secret);
      const accounts = readAccounts(texts, secrets);
      const settings = readSignInSettings(texts);
      for (const problem of [...accounts.problems, ...settings.problems])
        logger.warn({ problem }, 'a setting of accounts makes no sense');
      current = { accounts, settings, secretKey: secrets.get('server.secretkey') };
    }
    return current;
  };
}
