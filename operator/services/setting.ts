import { isJsonObject } from '../core/objects/json.ts';
import type { ConfigStore } from '../ports/config-store.ts';

/** A key of `argocd-cm`, as of now; empty when it is not there. */
export function readSetting(config: Pick<ConfigStore, 'configMap'>, key: string): string {
  const data = config.configMap('argocd-cm')?.['data'];
  const value = isJsonObject(data) && Object.hasOwn(data, key) ? data[key] : undefined;
  return typeof value === 'string' ? value : '';
}

/** Whether a key of `argocd-cm` is `true`. */
export function isSwitchedOn(config: Pick<ConfigStore, 'configMap'>, key: string): boolean {
  return readSetting(config, key) === 'true';
}
