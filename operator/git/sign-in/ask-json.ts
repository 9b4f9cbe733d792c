import type { Dispatcher, EnvHttpProxyAgent } from 'undici';
import { TiphysError } from '../../core/errors.ts';
import type { RepositoryAccess } from '../../core/repository/access.ts';
import { hostOf } from '../../core/repository/find-repository.ts';
import { isJsonObject, type JsonObject } from '../../core/objects/json.ts';
import type { Clock } from '../../ports/clock.ts';
import { withDeadline } from '../../runtime/deadline.ts';

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
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly access: Pick<RepositoryAccess, 'proxy'> & { readonly insecure: boolean };
}

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
}

const MAX_ANSWER_BYTES = 1_000_000;

/**
 * One request, one JSON answer; redirects are not followed, for they would carry the proof of who
 * we are elsewhere. Errors: `GitUnreachable`. A status that is no success is an answer.
 */
export async function askJson(
  question: Question,
  options: AskOptions,
  signal: AbortSignal,
): Promise<Answer> {
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
    const { statusCode: status, headers: told } = response;
    return { status, body: await readJson(response), headers: told };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // Only the code of the cause: its text may quote what we sent.
    const reason = deadline.signal.aborted ? 'no answer in time' : codeOf(error);
    throw new TiphysError('GitUnreachable', `${question.who}: ${hostOf(question.url)}: ${reason}`);
  } finally {
    await dispatcher.destroy();
  }
}

/** What a server says about its refusal, short and on one line. */
export function refusalOf({ status, body }: Answer): string {
  const words = [body['message'], body['error_description'], body['error']].find(
    (value) => typeof value === 'string' && value !== '',
  );
  const text = typeof words === 'string' ? words.replaceAll(/[\s\p{Cc}]+/gu, ' ') : '';
  return `HTTP ${status}${text === '' ? '' : `: ${text.slice(0, 200)}`}`;
}

function dispatcherOptions(question: Question, options: AskOptions): EnvHttpProxyAgent.Options {
  const { insecure, proxy } = question.access;
  const ca = options.authorities(hostOf(question.url));
  const tls = insecure ? { rejectUnauthorized: false } : ca === undefined ? {} : { ca };
  const { http_proxy, https_proxy, no_proxy } = options.proxies;
  return {
    httpProxy: proxy?.url ?? http_proxy ?? '',
    httpsProxy: proxy?.url ?? https_proxy ?? '',
    noProxy: (proxy === undefined ? no_proxy : proxy.except) ?? '',
    connect: tls,
    requestTls: tls,
  };
}

async function readJson(response: Dispatcher.ResponseData): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw Object.assign(new Error(), { code: 'answer too large' });
    chunks.push(chunk);
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return isJsonObject(parsed as JsonObject) ? (parsed as JsonObject) : {};
  } catch {
    return {}; // whoever asked finds nothing of what it needs, and says so
  }
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'request failed';
}
