import { isJsonObject, type JsonObject, type JsonValue } from '../../core/objects/json.ts';
import type { ObjectTexts } from '../../core/objects/object-texts.ts';

/** Parts of `resource.customizations.PART.GROUP_KIND`, by what they are called in an override. */
const PARTS: Readonly<Record<string, string>> = {
  health: 'health.lua',
  useOpenLibs: 'health.lua.useOpenLibs',
  actions: 'actions',
  ignoreDifferences: 'ignoreDifferences',
  ignoreResourceUpdates: 'ignoreResourceUpdates',
  knownTypeFields: 'knownTypeFields',
};

/**
 * What `argocd-cm` says of kinds, by `group/Kind`, as it is written there: first what stands in
 * `resource.customizations`, over it what has a key of its own.
 */
export function readOverrides(texts: ObjectTexts, together: JsonValue | undefined): JsonObject {
  const overrides = new Map<string, JsonObject>();
  if (isJsonObject(together))
    for (const [kind, override] of Object.entries(together))
      if (isJsonObject(override)) overrides.set(kind, override);
  for (const [key, text] of texts) {
    const match = /^resource\.customizations\.([A-Za-z]+)\.(.+)$/.exec(key);
    const part = PARTS[match?.[1] ?? ''];
    if (match === null || part === undefined) continue;
    const name = kindOf(match[2] ?? '');
    const value = part === 'health.lua.useOpenLibs' ? text === 'true' : text;
    overrides.set(name, { ...overrides.get(name), [part]: value });
  }
  return Object.fromEntries(overrides);
}

/** `apps_Deployment` is `apps/Deployment`; `all` is every kind. */
function kindOf(written: string): string {
  if (written === 'all') return '*/*';
  const split = written.lastIndexOf('_');
  return split <= 0
    ? written.replace(/^_/, '')
    : `${written.slice(0, split)}/${written.slice(split + 1)}`;
}
