import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import { clonedFrom } from './affected.ts';
import type { PushedRange, WebhookEvent } from './event.ts';

/** What the API of Bitbucket Cloud says of a push. */
export interface PushDetails {
  /** `undefined`: there is none. */
  readonly mainBranch: string | undefined;
  /** Empty: not known. */
  readonly changedFiles: readonly string[];
}

type Push = Extract<WebhookEvent, { type: 'push' }>;

/** A push with what was learnt of it. */
export function withDetails(push: Push, { mainBranch, changedFiles }: PushDetails): Push {
  const touchedHead = mainBranch === undefined ? push.touchedHead : mainBranch === push.revision;
  return { ...push, touchedHead, changedFiles };
}

const HOST = 'bitbucket.org';

/**
 * A repository as the API names it, `workspace/slug` with what a URL needs escaped. `undefined` when it is neither
 * on bitbucket.org nor on the host of the API itself: what lets us in elsewhere must never be shown to the API.
 */
export function bitbucketRepository(repoUrl: string, apiUrl: string): string | undefined {
  const from = clonedFrom(repoUrl);
  const apiHost = clonedFrom(apiUrl)?.host;
  if (from === undefined || (from.host !== HOST && from.host !== apiHost)) return undefined;
  const names = /^\/*([^/]+)\/+([^/]+)$/.exec(from.path)?.slice(1) ?? [];
  if (names.length === 0 || !names.every(isName)) return undefined;
  return names.map(encodeURIComponent).join('/');
}

/** Slugs, and UUIDs in braces; never a step elsewhere in the API. */
function isName(text: string): boolean {
  return /^[\w.{}-]{1,200}$/.test(text) && !/^\.+$/.test(text);
}

/** The API wants the newer commit first. */
export function diffstatPath(repository: string, { before, after }: PushedRange): string {
  return `/repositories/${repository}/diffstat/${after}..${before}`;
}

/** Two trees are compared, also after a forced push, and not what a branch has added since it began. */
export const FIRST_PAGE = 'topic=false';

/** The name of the main branch in a repository of the API. */
export function mainBranchOf(repository: JsonObject): string | undefined {
  const branch = repository['mainbranch'];
  const name = branch !== undefined && isJsonObject(branch) ? branch['name'] : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Files of one page of a diffstat; one that was renamed by both names. `undefined`: that is no diffstat. */
export function diffstatFiles(page: JsonObject): readonly string[] | undefined {
  const values = page['values'];
  if (values === undefined || !isJsonArray(values)) return undefined;
  const files: string[] = [];
  for (const value of values) {
    const paths = isJsonObject(value) ? [pathOf(value['old']), pathOf(value['new'])] : [];
    const found = paths.filter((path) => path !== undefined);
    if (found.length === 0) return undefined; // a change of which we know nothing
    files.push(...found);
  }
  return files;
}

function pathOf(side: JsonValue | undefined): string | undefined {
  const path = side !== undefined && isJsonObject(side) ? side['path'] : undefined;
  return typeof path === 'string' && path !== '' ? path : undefined;
}

/**
 * The query of the next page. Only that is taken of its address, so that no answer leads us elsewhere. `undefined`:
 * it was the last.
 */
export function nextPage(page: JsonObject): string | undefined {
  const { next } = page;
  if (typeof next !== 'string' || next === '') return undefined;
  const [, query = ''] = next.split('#', 1)[0]?.split('?') ?? [];
  const parameters = new URLSearchParams(FIRST_PAGE);
  for (const [name, value] of new URLSearchParams(query))
    if (name !== 'topic') parameters.set(name, value);
  return parameters.toString();
}
