import { isJsonObject } from '../core/objects/json.ts';
import type { ConfigStore } from '../ports/config-store.ts';

/** What `argocd-cm` says under a key, as of now; empty when it says nothing. */
export function settingOf(config: Pick<ConfigStore, 'configMap'>, key: string): string {
  const data = config.configMap('argocd-cm')?.['data'];
  const value = isJsonObject(data) && Object.hasOwn(data, key) ? data[key] : undefined;
  return typeof value === 'string' ? value.trim() : '';
}

/** The items of a list with commas between them. */
export function listSetting(
  config: Pick<ConfigStore, 'configMap'>,
  key: string,
): readonly string[] {
  return settingOf(config, key)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Labels that a tree shows: `resource.customLabels`. */
export function shownLabels(config: Pick<ConfigStore, 'configMap'>): readonly string[] {
  return listSetting(config, 'resource.customLabels');
}
