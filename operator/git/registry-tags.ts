import { TiphysError } from '../core/errors.ts';
import { isJsonArray } from '../core/objects/json.ts';
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
  { url, access }: ProbedRepository,
  options: AskOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { host, path } = splitRegistry(url);
  const { credential } = access;
  if (credential.type !== 'none' && credential.type !== 'basic')
    throw new TiphysError(
      'InvalidConfig',
      `registry ${host}: is signed in to with username and password, not with ${credential.type}`,
    );
  const who = `registry ${host}`;
  const base = `${access.plainHttp === true ? 'http' : 'https'}://${host}`;
  const basic =
    credential.type === 'none'
      ? {}
      : {
          authorization: `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`,
        };
  const ask = (target: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
    askJson({ who, method: 'GET', url: target, headers, access }, options, signal);

  let headers: Readonly<Record<string, string>> = {};
  const tags: string[] = [];
  let next: string | undefined = `${base}/v2/${path}/tags/list?n=1000`;
  for (let page = 0; next !== undefined && page < MAX_PAGES; page += 1) {
    let answer = await ask(next, headers);
    if (answer.status === 401 && Object.keys(headers).length === 0) {
      headers = await signedIn(answer);
      answer = await ask(next, headers);
    }
    if (answer.status === 401 || answer.status === 403)
      throw new TiphysError('GitAuthFailed', `repository ${shownUrl(url)}: ${refusalOf(answer)}`);
    if (answer.status !== 200)
      throw new TiphysError('GitUnreachable', `repository ${shownUrl(url)}: ${refusalOf(answer)}`);
    const { tags: found } = answer.body;
    if (isJsonArray(found)) tags.push(...found.filter((tag) => typeof tag === 'string'));
    next = nextPage(answer, base);
  }
  return tags;

  /** Where tokens are handed out is said by the registry, so the password goes there only over HTTPS. */
  async function signedIn(refused: Answer): Promise<Readonly<Record<string, string>>> {
    const challenge = String(refused.headers?.['www-authenticate'] ?? '');
    if (!/^bearer /i.test(challenge)) return basic;
    const parameter = (name: string) => new RegExp(`${name}="([^"]*)"`, 'i').exec(challenge)?.[1];
    const realm = parameter('realm') ?? '';
    if (!URL.canParse(realm)) return basic;
    const target = new URL(realm);
    if (target.protocol !== 'https:' && target.origin !== base) return {};
    const service = parameter('service');
    if (service !== undefined) target.searchParams.set('service', service);
    target.searchParams.set('scope', `repository:${path}:pull`);
    const { status, body } = await ask(target.href, basic);
    const token = body['token'] ?? body['access_token'];
    if (status !== 200 || typeof token !== 'string')
      throw new TiphysError('GitAuthFailed', `registry ${host}: no token: HTTP ${status}`);
    return { authorization: `Bearer ${token}` };
  }
}

/** `oci://host/path`, or the same without a scheme. */
function splitRegistry(url: string): { readonly host: string; readonly path: string } {
  const bare = shownUrl(url)
    .replace(/^oci:\/\//i, '')
    .replace(/\/+$/, '');
  const slash = bare.indexOf('/');
  if (slash < 1 || !/^[\w./-]+$/.test(bare.slice(slash + 1)))
    throw new TiphysError(
      'InvalidConfig',
      `repository ${shownUrl(url)}: names no repository of a registry`,
    );
  return { host: bare.slice(0, slash), path: bare.slice(slash + 1) };
}

/** Only a further page of the same registry. */
function nextPage({ headers }: Answer, base: string): string | undefined {
  const link = /<([^>]+)>;\s*rel="?next"?/.exec(String(headers?.['link'] ?? ''))?.[1];
  if (link === undefined || !URL.canParse(link, base)) return undefined;
  const target = new URL(link, base);
  return target.origin === base ? target.href : undefined;
}
