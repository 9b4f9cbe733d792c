import type { EnvHttpProxyAgent } from 'undici';
import { TiphysError } from '../../core/errors.ts';
import type { RepositoryAccess } from '../../core/repository/access.ts';
import { hostOf } from '../../core/repository/find-repository.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../../core/objects/json.ts';
import type { Clock } from '../../ports/clock.ts';
import { withDeadline } from '../../runtime/deadline.ts';
import { maskQuestion } from './mask-sent.ts';

/** How the servers that hand out tokens are reached. */
export interface AskOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** PEM of the authorities that are trusted for a host; `undefined`: those of the system. */
  readonly authorities: (host: string) => string | undefined;
  /** `http_proxy`, `https_proxy` and `no_proxy`. */
  readonly proxies: Readonly<Record<string, string>>;
}

export interface Question {
  /** For errors, e.g. `GitHub App 12`. */
  readonly who: string;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly access: Pick<RepositoryAccess, 'proxy' | 'insecure'>;
  /** Shown to this server alone. */
  readonly clientCertificate?: RepositoryAccess['clientCertificate'];
}

/** What a server says before its body. */
export interface AnswerHead {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
}

const MAX_ANSWER_BYTES = 1_000_000;
const MAX_REFUSAL_BYTES = 100_000;

/**
 * One request, one JSON answer; redirects are not followed, for they would carry the proof of who
 * we are elsewhere. Errors: `GitUnreachable`. A status that is no success is an answer.
 */
export async function askJson(
  question: Question,
  options: AskOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const read: ReadAnswer<Answer> = async ({ status, headers }, body) => ({
    ...{ status, headers },
    body:
      status === 200
        ? parseJson(await readBytes(body, MAX_ANSWER_BYTES))
        : await readRefusal(question, body),
  });
  return await ask(question, options, read, signal);
}

/** Reads one answer to its end; what it throws by name is passed on. */
export type ReadAnswer<T> = (
  head: AnswerHead,
  body: AsyncIterable<Buffer>,
  signal: AbortSignal,
) => Promise<T>;

/** One request; redirects are answers. The time is for the whole of it. Errors: `GitUnreachable`, those of `read`. */
export async function ask<T>(
  question: Question,
  options: AskOptions,
  read: ReadAnswer<T>,
  signal: AbortSignal,
): Promise<T> {
  const { EnvHttpProxyAgent, request } = await import('undici'); // not on import of the library
  const dispatcher = new EnvHttpProxyAgent(dispatcherOptions(question, options));
  using deadline = withDeadline(signal, options.timeoutMs, options.clock);
  try {
    const { method, url, headers, body } = question;
    const response = await request(url, {
      method,
      headers: { accept: 'application/json', 'user-agent': 'tiphys', ...headers },
      ...(body !== undefined && { body }),
      dispatcher,
      signal: deadline.signal,
    });
    const head = { status: response.statusCode, headers: response.headers };
    return await read(head, response.body as AsyncIterable<Buffer>, deadline.signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof TiphysError && !deadline.signal.aborted) throw error;
    // Only the code of the cause: its text may quote what we sent.
    const reason = deadline.signal.aborted ? 'no answer in time' : codeOf(error);
    throw new TiphysError('GitUnreachable', `${question.who}: ${hostOf(question.url)}: ${reason}`);
  } finally {
    await dispatcher.destroy();
  }
}

/** What a server says with its refusal, without what we have sent. Errors: as `readBytes`. */
export async function readRefusal(
  question: Pick<Question, 'headers' | 'body'>,
  body: AsyncIterable<Buffer>,
): Promise<JsonObject> {
  const content = await readBytes(body, MAX_REFUSAL_BYTES);
  return parseJson(Buffer.from(maskQuestion(question)(content.toString('utf8'))));
}

/** What a server says about its refusal, short and on one line. */
export function refusalOf({ status, body }: Answer): string {
  const { errors, error } = body;
  const [first = error] = isJsonArray(errors) ? errors : []; // registries; Bitbucket has one
  const told = isJsonObject(first) ? first['message'] : undefined;
  const words = [body['message'], body['error_description'], body['error'], told].find(
    (value) => typeof value === 'string' && value !== '',
  );
  const text = typeof words === 'string' ? words.replaceAll(/[\s\p{Cc}]+/gu, ' ') : '';
  return `HTTP ${status}${text === '' ? '' : `: ${text.slice(0, 200)}`}`;
}

function dispatcherOptions(question: Question, options: AskOptions): EnvHttpProxyAgent.Options {
  const { clientCertificate } = question;
  const { insecure, proxy } = question.access;
  const ca = options.authorities(hostOf(question.url));
  const tls = {
    ...(insecure ? { rejectUnauthorized: false } : ca === undefined ? {} : { ca }),
    ...(clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.key }),
  };
  const { http_proxy, https_proxy, no_proxy } = options.proxies;
  return {
    httpProxy: proxy?.url ?? http_proxy ?? '',
    httpsProxy: proxy?.url ?? https_proxy ?? '',
    noProxy: (proxy === undefined ? no_proxy : proxy.except) ?? '',
    connect: tls,
    requestTls: tls,
  };
}

/** A whole body. Errors: one that `ask` names, when there is more. */
export async function readBytes(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw Object.assign(new Error(), { code: 'answer too large' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whoever asked finds nothing of what it needs in what is no object, and says so. */
export function parseJson(content: Buffer): JsonObject {
  try {
    const parsed: unknown = JSON.parse(content.toString('utf8'));
    return isJsonObject(parsed as JsonObject) ? (parsed as JsonObject) : {};
  } catch {
    return {};
  }
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'request failed';
}
