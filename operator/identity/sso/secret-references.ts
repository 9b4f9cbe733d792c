import { textsOf } from '../../core/objects/object-texts.ts';
import type { ResolveSecret } from '../../core/settings/secret-references.ts';
import type { ConfigStore } from '../../ports/config-store.ts';

/** Looks into Secrets that are a part of the control plane, for it is told of no others. */
export function secretsIn(config: Pick<ConfigStore, 'secret'>): ResolveSecret {
  return (secret, key) => textsOf(config.secret(secret)).get(key);
}
