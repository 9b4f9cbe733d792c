import { isJsonArray } from '../../core/objects/json.ts';
import type { ProbedRepository } from '../../ports/repository-probe.ts';
import {
  type AnswerHead,
  type AskOptions,
  parseJson,
  type ReadAnswer,
  readBytes,
} from '../sign-in/ask-json.ts';
import { openRegistry, pullScope, type Registry, repositoryPath } from './open-registry.ts';

const MAX_PAGES = 50;
const MAX_PAGE_BYTES = 1_000_000;

/**
 * The tags of a repository in a registry (the distribution specification), newest pages last. Signs in with
 * user and password, at the registry or where it says that tokens are handed out over HTTPS. Errors:
 * `GitUnreachable`, `GitAuthFailed`, `InvalidConfig`.
 */
export async function registryTags(
  repository: ProbedRepository,
  options: AskOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return await listTags(openRegistry(repository, options), signal);
}

/** The same of a registry that is open. */
export async function listTags(
  registry: Registry,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const path = repositoryPath(registry);
  const { base } = registry;
  const tags: string[] = [];
  let next: string | undefined = `${base}/v2/${path}/tags/list?n=1000`;
  for (let page = 0; next !== undefined && page < MAX_PAGES; page += 1) {
    const { head, body } = await registry.get({ url: next, scope: pullScope(path) }, json, signal);
    const { tags: found } = body;
    if (isJsonArray(found)) tags.push(...found.filter((tag) => typeof tag === 'string'));
    next = nextPage(head, base);
  }
  return tags;
}

/**
 * Resolves when there is a registry that lets us in. Where charts are kept below an address, nothing but that
 * can be asked. Errors as `registryTags`.
 */
export async function reachRegistry(
  repository: ProbedRepository,
  options: AskOptions,
  signal: AbortSignal,
): Promise<void> {
  const registry = openRegistry(repository, options);
  await registry.get({ url: `${registry.base}/v2/`, scope: '' }, json, signal);
}

const json = async (head: AnswerHead, body: Parameters<ReadAnswer<unknown>>[1]) => ({
  head,
  body: parseJson(await readBytes(body, MAX_PAGE_BYTES)),
});

/** Only a further page of the same registry. */
function nextPage({ headers }: AnswerHead, base: string): string | undefined {
  const link = /<([^>]+)>;\s*rel="?next"?/.exec(String(headers['link'] ?? ''))?.[1];
  if (link === undefined || !URL.canParse(link, base)) return undefined;
  const target = new URL(link, base);
  return target.origin === base ? target.href : undefined;
}
