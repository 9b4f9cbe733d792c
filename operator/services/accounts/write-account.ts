import { type Account, accountKey, readAccounts } from '../../core/access/accounts.ts';
import { hasCode, TiphysError } from '../../core/errors.ts';
import { secretsResource } from '../../core/objects/core-resources.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { encodeText, textsOf } from '../../core/objects/object-texts.ts';
import type { ControlPlane } from '../control-plane.ts';
import { existing } from './read-accounts.ts';

/** What is written of an account; what is absent stays. */
export type AccountChange = Partial<Record<'password' | 'passwordMtime' | 'tokens', string>>;

const SECRET = 'argocd-secret';
const ATTEMPTS = 10;

/**
 * Changes what `argocd-secret` says of an account, from what the API server has now; `change` is asked
 * again when somebody else wrote meanwhile. Resolves with the Secret as stored.
 *
 * Errors: `NotFound` when there is no such account; those of `change`; what the API server says.
 */
export async function writeAccount(
  { ports, settings }: ControlPlane,
  name: string,
  change: (account: Account) => AccountChange,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { client, config } = ports;
  const address = { resource: secretsResource, namespace: settings.namespace, name: SECRET };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const secret = await client.get(address, signal);
    if (secret === undefined)
      throw new TiphysError('NotPossibleNow', `Secret ${settings.namespace}/${SECRET} is gone`, {
        hint: 'It is made when a server starts.',
      });
    const accounts = readAccounts(textsOf(config.configMap('argocd-cm')), textsOf(secret));
    const changed = change(existing(accounts.byName.get(name), name));
    try {
      const { resourceVersion = '' } = secret.metadata;
      const patch = { metadata: { resourceVersion }, data: dataOf(name, changed) };
      const options = { type: 'merge', fieldManager: 'argocd-server' } as const;
      const stored = await client.patch(address, patch, options, signal);
      config.observe(stored);
      return stored;
    } catch (error) {
      if (!hasCode(error, 'KubeConflict')) throw error;
    }
  }
  throw new TiphysError(
    'KubeConflict',
    `Secret ${settings.namespace}/${SECRET}: others keep writing it`,
  );
}

function dataOf(name: string, change: AccountChange): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(change).map(([what, text]) => [
      accountKey(name, what as keyof AccountChange),
      encodeText(text),
    ]),
  );
}
