import { isJsonObject } from '../core/objects/json.ts';
import type { ConfigStore } from '../ports/config-store.ts';

/** A key of `argocd-cm`, as of now; empty when it is not there. */
export function readSetting(config: Pick<ConfigStore, 'configMap'>, key: string): string {
  const data = config.configMap('argocd-cm')?.['data'];
  const value = isJsonObject(data) && Object.hasOwn(data, key) ? data[key] : undefined;
  return typeof value === 'string' ? value : '';
}

/** The items of a list with commas between them. */
export function listSetting(
  config: Pick<ConfigStore, 'configMap'>,
  key: string,
): readonly string[] {
  return readSetting(config, key)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Labels that a tree shows: `resource.customLabels`. */
export function shownLabels(config: Pick<ConfigStore, 'configMap'>): readonly string[] {
  return listSetting(config, 'resource.customLabels');
}

/** Whether a key of `argocd-cm` is `true`. */
export function isSwitchedOn(config: Pick<ConfigStore, 'configMap'>, key: string): boolean {
  return readSetting(config, key) === 'true';
}
