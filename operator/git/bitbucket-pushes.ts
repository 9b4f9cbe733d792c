import { TiphysError } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import type { JsonObject } from '../core/objects/json.ts';
import {
  bitbucketRepository,
  diffstatFiles,
  diffstatPath,
  FIRST_PAGE,
  mainBranchOf,
  nextPage,
} from '../core/webhook/bitbucket.ts';
import { clonedFrom } from '../core/webhook/affected.ts';
import type { AccessLookup } from '../ports/source-repositories.ts';
import type { AskAboutPush, PushReader } from '../ports/webhooks.ts';
import {
  ask,
  type AskOptions,
  parseJson,
  readBytes,
  readRefusal,
  refusalOf,
} from './sign-in/ask-json.ts';

export interface BitbucketPushesOptions extends Omit<AskOptions, 'timeoutMs'> {
  /** Of the REST API, such as `https://api.bitbucket.org/2.0`. */
  readonly apiUrl: string;
  readonly access: AccessLookup;
  /** For all questions about one push together. Default 10 s. */
  readonly timeoutMs?: number;
}

const MAX_PAGES = 20;
const MAX_PAGE_BYTES = 4_000_000;
const TIMEOUT_MS = 10_000;
const WHO = 'Bitbucket';

/**
 * Asks the REST API of Bitbucket Cloud (2.0) for the files of a push and the main branch. Where to ask is
 * `apiUrl` and the URL of an Application, never what a webhook or an answer says.
 */
export function createBitbucketPushes(options: BitbucketPushesOptions): AskAboutPush {
  const apiUrl = options.apiUrl.replace(/\/+$/, '');

  return async (readers, range, signal) => {
    const way = chooseWay(readers, apiUrl, options.access);
    if (way === undefined) return undefined;
    const untilMs = options.clock.monotonic() + (options.timeoutMs ?? TIMEOUT_MS);
    const get = async (path: string): Promise<JsonObject> => {
      const timeoutMs = Math.max(1, untilMs - options.clock.monotonic());
      const { proxy } = way.access;
      const access = { insecure: false, ...(proxy && { proxy }) };
      const headers = authorizationOf(way.access);
      const question = { who: WHO, method: 'GET', url: apiUrl + path, headers, access } as const;
      return await ask(
        question,
        { ...options, timeoutMs },
        async ({ status }, body) => {
          if (status === 200) return parseJson(await readBytes(body, MAX_PAGE_BYTES));
          throw refused(refusalOf({ status, body: await readRefusal(question, body) }), status);
        },
        signal,
      );
    };
    const mainBranch = mainBranchOf(await get(`/repositories/${way.repository}`));
    // A branch that is new or gone has nothing to be compared with.
    const isCompared = range.before !== '' && range.after !== '';
    const path = diffstatPath(way.repository, range);
    return { mainBranch, changedFiles: isCompared ? await readDiffstat(path, get) : [] };
  };
}

async function readDiffstat(
  path: string,
  get: (path: string) => Promise<JsonObject>,
): Promise<readonly string[]> {
  const files = new Set<string>();
  let query: string | undefined = FIRST_PAGE;
  for (let pages = 0; query !== undefined; pages += 1) {
    if (pages === MAX_PAGES) throw unreadable(`more than ${MAX_PAGES} pages of changed files`);
    const page = await get(`${path}?${query}`);
    const found = diffstatFiles(page);
    if (found === undefined) throw unreadable('the answer is no diffstat');
    for (const file of found) files.add(file);
    query = nextPage(page);
  }
  return [...files];
}

interface Way {
  /** As the API names it. */
  readonly repository: string;
  readonly access: RepositoryAccess;
}

/** By what is registered for all, if that lets us in; else by what is registered for a project that reads the repository. */
function chooseWay(
  readers: readonly PushReader[],
  apiUrl: string,
  lookup: AccessLookup,
): Way | undefined {
  const ways = readers.flatMap(({ repoUrl, project }): readonly Way[] => {
    const repository = bitbucketRepository(repoUrl, apiUrl);
    if (repository === undefined) return [];
    const { host = '', path = '' } = clonedFrom(repoUrl) ?? {};
    // Who clones with a key can register what the API takes for the same address with https.
    const urls = [repoUrl, `https://${host}/${path}`];
    return urls.map((url) => ({ repository, access: lookup(url, project) }));
  });
  const open = ways.filter(({ access }) => authorizationOf(access)['authorization'] !== undefined);
  return open.find(({ access }) => access.scope === '') ?? open[0] ?? ways[0];
}

/** With `x-token-auth` for a user, a password is a token of Bitbucket, which its API wants as such. */
function authorizationOf({
  credential,
  problem,
}: RepositoryAccess): Readonly<Record<string, string>> {
  if (problem !== undefined) return {};
  if (credential.type === 'bearer') return { authorization: `Bearer ${credential.token}` };
  if (credential.type !== 'basic') return {};
  const { username, password } = credential;
  if (username === 'x-token-auth') return { authorization: `Bearer ${password}` };
  const pair = Buffer.from(`${username}:${password}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

function refused(reason: string, status: number): TiphysError {
  const message = `${WHO}: the files of a push: ${reason}`;
  if (status !== 401 && status !== 403 && status !== 404)
    return new TiphysError('GitUnreachable', message);
  return new TiphysError('GitAuthFailed', message, {
    hint: 'Register the repository over https with a token that may read it through the REST API of Bitbucket.',
  });
}

function unreadable(reason: string): TiphysError {
  return new TiphysError('GitUnreachable', `${WHO}: the files of a push: ${reason}`);
}
