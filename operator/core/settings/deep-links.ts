import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';

/** A link that is shown to somebody. */
export interface DeepLink {
  readonly title: string;
  readonly url: string;
  readonly description?: string;
  readonly iconClass?: string;
}

/** A link that an administrator wants to be shown: `url` may be a Go template. */
export interface ConfiguredLink extends DeepLink {
  /** In expr; the link is shown where it is true. */
  readonly condition?: string;
}

/** Why a link is not shown. */
export interface LinkProblem {
  /** Its title, or its place in the list where it has none. */
  readonly link: string;
  readonly reason: string;
}

export interface ConfiguredLinks {
  readonly links: readonly ConfiguredLink[];
  /** Entries of the list that are no links. */
  readonly problems: readonly LinkProblem[];
}

/** Reads a list of links, such as `application.links` of `argocd-cm`. */
export function readDeepLinks(settings: JsonValue | undefined): ConfiguredLinks {
  if (settings === undefined || settings === null) return { links: [], problems: [] };
  if (!isJsonArray(settings))
    return { links: [], problems: [{ link: 'all', reason: 'is not a list' }] };
  const links: ConfiguredLink[] = [];
  const problems: LinkProblem[] = [];
  for (const [index, entry] of settings.entries()) {
    const read = readLink(entry);
    if (typeof read !== 'string') links.push(read);
    else problems.push({ link: titleOf(entry) ?? `number ${index + 1}`, reason: read });
  }
  return { links, problems };
}

/** A link, or why it is none. */
function readLink(entry: JsonValue): ConfiguredLink | string {
  if (!isJsonObject(entry)) return 'is not an object';
  const { url, description, if: condition } = entry;
  const iconClass = entry['icon.class'];
  const title = titleOf(entry);
  if (title === undefined) return 'has no title';
  if (typeof url !== 'string' || url === '') return 'has no url';
  const isCondition = typeof condition === 'string' || typeof condition === 'boolean';
  if (condition !== undefined && condition !== null && !isCondition) return 'its if is not a text';
  return {
    ...{ title, url },
    ...(typeof description === 'string' && { description }),
    ...(typeof iconClass === 'string' && { iconClass }),
    ...(isCondition && { condition: String(condition) }),
  };
}

function titleOf(entry: JsonValue): string | undefined {
  const title = isJsonObject(entry) ? entry['title'] : undefined;
  return typeof title === 'string' && title !== '' ? title : undefined;
}

/** Whether a link is the same for every object: then nothing must be known of any. */
export function isForAll({ url, condition }: ConfiguredLink): boolean {
  return condition === undefined && !url.includes('{{');
}

/**
 * Why a URL is not handed out. What an object says can become the beginning of one, and a page follows what it
 * is given: `javascript:` would be a program that runs there as whoever looks at the page.
 */
export function refusedUrl(url: string): string | undefined {
  if (/^(https?|mailto|tel):/i.test(url) || /^\/(?!\/)/.test(url)) return undefined;
  return 'its url begins with none of http:, https:, mailto:, tel: and /';
}
