import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';

/** A link that an administrator wants to be shown. */
export interface DeepLink {
  readonly title: string;
  readonly url: string;
  readonly description?: string;
  readonly iconClass?: string;
}

/**
 * Reads a list of links, such as `application.links` of `argocd-cm`. Links that depend on the object, by a Go
 * template in the URL or a condition (`if`), are left out: no maintained library reads both languages, and half a
 * URL is worse than none. So is what is no web address.
 */
export function readDeepLinks(settings: JsonValue | undefined): readonly DeepLink[] {
  const entries = isJsonArray(settings) ? settings : [];
  return entries.flatMap((entry) => {
    if (!isJsonObject(entry) || entry['if'] !== undefined) return [];
    const { title, url, description } = entry;
    const iconClass = entry['icon.class'];
    if (typeof title !== 'string' || typeof url !== 'string' || !isPlain(url)) return [];
    return {
      ...{ title, url },
      ...(typeof description === 'string' && { description }),
      ...(typeof iconClass === 'string' && { iconClass }),
    };
  });
}

function isPlain(url: string): boolean {
  return /^https?:\/\//i.test(url) && !url.includes('{{');
}
