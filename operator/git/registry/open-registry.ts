import { TiphysError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/objects/json.ts';
import type { Credential } from '../../core/repository/access.ts';
import { shownUrl } from '../../core/repository/shown-url.ts';
import type { ProbedRepository } from '../../ports/repository-probe.ts';
import {
  type AnswerHead,
  ask,
  askJson,
  type AskOptions,
  type ReadAnswer,
  readRefusal,
  refusalOf,
} from '../sign-in/ask-json.ts';
import { maskCredentials } from '../sign-in/mask-sent.ts';

/** What is asked of a registry, with the right that it needs: `repository:NAME:pull`, or nothing. */
export interface RegistryQuestion {
  readonly method?: 'GET' | 'HEAD';
  readonly url: string;
  readonly scope: string;
  readonly accept?: string;
  /** What 404 means. Default `GitUnreachable`. */
  readonly absent?: 'RevisionNotFound';
  /** Longest time of the whole answer. Default: that of all questions. */
  readonly timeoutMs?: number;
}

/** One repository of a registry, or the place of several, at which we sign in when it asks for that. */
export interface Registry {
  /** `https://host`. */
  readonly base: string;
  /** What follows the host. */
  readonly path: string;
  /** How it is named in errors, without credentials. */
  readonly shown: string;
  /** Reads an answer of status 200. Errors: `GitAuthFailed`, `GitUnreachable`, those of `read`. */
  get<T>(question: RegistryQuestion, read: ReadAnswer<T>, signal: AbortSignal): Promise<T>;
}

type Headers = Readonly<Record<string, string>>;

type Answered<T> =
  | { readonly type: 'read'; readonly value: T }
  | { readonly type: 'refused'; readonly head: AnswerHead; readonly body: JsonObject }
  | { readonly type: 'elsewhere'; readonly url: string };

const MAX_REDIRECTS = 5;

/** Nothing is asked before `get`. Errors: `InvalidConfig` for an address or a credential that is none of a registry. */
export function openRegistry(
  { url, access }: Pick<ProbedRepository, 'url' | 'access'>,
  options: AskOptions,
): Registry {
  const { host, path } = splitRegistry(url);
  const { credential, clientCertificate } = access;
  if (credential.type !== 'none' && credential.type !== 'basic')
    throw new TiphysError(
      'InvalidConfig',
      `registry ${host}: is signed in to with username and password, not with ${credential.type}`,
    );
  const who = `registry ${host}`;
  const shown = shownUrl(url);
  const base = `${access.plainHttp === true ? 'http' : 'https'}://${host}`;
  const basic = basicHeader(credential);
  const certificate = clientCertificate === undefined ? {} : { clientCertificate };
  let authorization: Headers = {};

  /** Where tokens are handed out is said by the registry, so the password goes there only over HTTPS. */
  async function signedIn(
    { headers }: AnswerHead,
    scope: string,
    signal: AbortSignal,
  ): Promise<Headers> {
    const challenge = String(headers['www-authenticate'] ?? '');
    if (!/^bearer /i.test(challenge)) return basic;
    const parameter = (name: string) => new RegExp(`${name}="([^"]*)"`, 'i').exec(challenge)?.[1];
    const realm = parameter('realm') ?? '';
    if (!URL.canParse(realm)) return basic;
    const target = new URL(realm);
    if (target.protocol !== 'https:' && target.origin !== base) return {};
    const service = parameter('service');
    if (service !== undefined) target.searchParams.set('service', service);
    if (scope !== '') target.searchParams.set('scope', scope);
    const question = { who, method: 'GET', url: target.href, headers: basic, access } as const;
    const { status, body } = await askJson(question, options, signal);
    const token = body['token'] ?? body['access_token'];
    if (status !== 200 || typeof token !== 'string')
      throw new TiphysError('GitAuthFailed', `registry ${host}: no token: HTTP ${status}`);
    return { authorization: `Bearer ${token}` };
  }

  /** What proves who we are goes to the registry itself, and nowhere that it sends us. */
  async function once<T>(
    target: string,
    { method = 'GET', accept, timeoutMs }: RegistryQuestion,
    read: ReadAnswer<T>,
    signal: AbortSignal,
  ): Promise<Answered<T>> {
    const isHere = new URL(target).origin === new URL(base).origin;
    const question = {
      ...{ who, method, url: target, access },
      headers: { ...(accept !== undefined && { accept }), ...(isHere && authorization) },
      ...(isHere && certificate),
    };
    const timed = timeoutMs === undefined ? options : { ...options, timeoutMs };
    return await ask<Answered<T>>(
      question,
      timed,
      async (head, body, stop) => {
        if (head.status === 200) return { type: 'read', value: await read(head, body, stop) };
        const location = isRedirect(head.status) ? head.headers['location'] : undefined;
        if (typeof location === 'string' && URL.canParse(location, target))
          return { type: 'elsewhere', url: new URL(location, target).href };
        return {
          type: 'refused',
          head,
          body: await readRefusal(question, body),
        };
      },
      signal,
    );
  }

  function refused(head: AnswerHead, body: JsonObject, absent?: 'RevisionNotFound'): TiphysError {
    const isAbsent = head.status === 404 && absent !== undefined;
    const denied = [401, 403].includes(head.status) ? 'GitAuthFailed' : 'GitUnreachable';
    const code = isAbsent ? absent : denied;
    const words = maskCredentials(credential, access)(refusalOf({ ...head, body }));
    return new TiphysError(code, `repository ${shown}: ${words}`);
  }

  return {
    ...{ base, path, shown },
    async get(question, read, signal) {
      let target = question.url;
      for (let redirects = 0; redirects <= MAX_REDIRECTS; ) {
        const answered = await once(target, question, read, signal);
        if (answered.type === 'read') return answered.value;
        if (answered.type === 'elsewhere') {
          redirects += 1;
          const { protocol, origin } = new URL(answered.url);
          if (protocol !== 'https:' && origin !== base) break;
          target = answered.url;
          continue;
        }
        const { head, body } = answered;
        const isFirst = Object.keys(authorization).length === 0 && target === question.url;
        if (head.status !== 401 || !isFirst) throw refused(head, body, question.absent);
        authorization = await signedIn(head, question.scope, signal);
        if (Object.keys(authorization).length === 0) throw refused(head, body);
      }
      throw new TiphysError(
        'GitUnreachable',
        `repository ${shown}: is sent elsewhere, ${new URL(target).host}, without TLS or too often`,
      );
    },
  };
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

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

/** Names without which no repository of a registry is asked. Errors: `InvalidConfig`. */
export function repositoryPath({ path, shown }: Registry): string {
  if (/^[\w.-]+(?:\/[\w.-]+)*$/.test(path) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) return path;
  throw new TiphysError('InvalidConfig', `repository ${shown}: names no repository of a registry`);
}

/** The right to read one repository. */
export function pullScope(path: string): string {
  return `repository:${path}:pull`;
}
