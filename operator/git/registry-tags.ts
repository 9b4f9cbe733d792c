import { TiphysError } from '../core/errors.ts';
import { isJsonArray } from '../core/objects/json.ts';
import type { Credential } from '../core/repository/access.ts';
import { shownUrl } from '../core/repository/shown-url.ts';
import type { ProbedRepository } from '../ports/repository-probe.ts';
import { type Answer, type AskOptions, askJson, refusalOf } from './sign-in/ask-json.ts';

const MAX_PAGES = 50;

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
  const { base, path, get } = openRegistry(repository, options, signal);
  if (!/^[\w./-]+$/.test(path))
    throw new TiphysError(
      'InvalidConfig',
      `repository ${shownUrl(repository.url)}: names no repository of a registry`,
    );
  const tags: string[] = [];
  let next: string | undefined = `${base}/v2/${path}/tags/list?n=1000`;
  for (let page = 0; next !== undefined && page < MAX_PAGES; page += 1) {
    const answer = await get(next, `repository:${path}:pull`);
    const { tags: found } = answer.body;
    if (isJsonArray(found)) tags.push(...found.filter((tag) => typeof tag === 'string'));
    next = nextPage(answer, base);
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
  const { base, get } = openRegistry(repository, options, signal);
  await get(`${base}/v2/`, '');
}

interface Registry {
  /** `https://host`. */
  readonly base: string;
  /** What follows the host. */
  readonly path: string;
  /** Signs in when it must. Errors for whatever is no success. */
  get(url: string, scope: string): Promise<Answer>;
}

function openRegistry(
  { url, access }: ProbedRepository,
  options: AskOptions,
  signal: AbortSignal,
): Registry {
  const { host, path } = splitRegistry(url);
  const { credential } = access;
  if (credential.type !== 'none' && credential.type !== 'basic')
    throw new TiphysError(
      'InvalidConfig',
      `registry ${host}: is signed in to with username and password, not with ${credential.type}`,
    );
  const who = `registry ${host}`;
  const base = `${access.plainHttp === true ? 'http' : 'https'}://${host}`;
  const basic = basicHeader(credential);
  const ask = (target: string, headers: Headers): Promise<Answer> =>
    askJson({ who, method: 'GET', url: target, headers, access }, options, signal);
  let headers: Headers = {};

  /** Where tokens are handed out is said by the registry, so the password goes there only over HTTPS. */
  async function signedIn(refused: Answer, scope: string): Promise<Headers> {
    const challenge = String(refused.headers?.['www-authenticate'] ?? '');
    if (!/^bearer /i.test(challenge)) return basic;
    const parameter = (name: string) => new RegExp(`${name}="([^"]*)"`, 'i').exec(challenge)?.[1];
    const realm = parameter('realm') ?? '';
    if (!URL.canParse(realm)) return basic;
    const target = new URL(realm);
    if (target.protocol !== 'https:' && target.origin !== base) return {};
    const service = parameter('service');
    if (service !== undefined) target.searchParams.set('service', service);
    if (scope !== '') target.searchParams.set('scope', scope);
    const { status, body } = await ask(target.href, basic);
    const token = body['token'] ?? body['access_token'];
    if (status !== 200 || typeof token !== 'string')
      throw new TiphysError('GitAuthFailed', `registry ${host}: no token: HTTP ${status}`);
    return { authorization: `Bearer ${token}` };
  }

  return {
    ...{ base, path },
    async get(target, scope) {
      let answer = await ask(target, headers);
      if (answer.status === 401 && Object.keys(headers).length === 0) {
        headers = await signedIn(answer, scope);
        answer = await ask(target, headers);
      }
      if (answer.status === 200) return answer;
      const code = [401, 403].includes(answer.status) ? 'GitAuthFailed' : 'GitUnreachable';
      throw new TiphysError(code, `repository ${shownUrl(url)}: ${refusalOf(answer)}`);
    },
  };
}

type Headers = Readonly<Record<string, string>>;

function basicHeader(credential: Extract<Credential, { type: 'none' | 'basic' }>): Headers {
  if (credential.type === 'none') return {};
  const { username, password } = credential;
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  return { authorization: `Basic ${encoded}` };
}

/** `oci://host/path`, or the same without a scheme. */
function splitRegistry(url: string): { readonly host: string; readonly path: string } {
  const bare = shownUrl(url)
    .replace(/^oci:\/\//i, '')
    .replace(/\/+$/, '');
  const slash = bare.indexOf('/');
  const host = slash < 0 ? bare : bare.slice(0, slash);
  if (!/^[\w.:[\]-]+$/.test(host))
    throw new TiphysError('InvalidConfig', `repository ${shownUrl(url)}: names no registry`);
  return { host, path: slash < 0 ? '' : bare.slice(slash + 1) };
}

/** Only a further page of the same registry. */
function nextPage({ headers }: Answer, base: string): string | undefined {
  const link = /<([^>]+)>;\s*rel="?next"?/.exec(String(headers?.['link'] ?? ''))?.[1];
  if (link === undefined || !URL.canParse(link, base)) return undefined;
  const target = new URL(link, base);
  return target.origin === base ? target.href : undefined;
}
