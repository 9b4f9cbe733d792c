import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { JsonValue } from '../core/objects/json.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../runtime/deadline.ts';
import { untilAborted } from '../runtime/keyed-lock.ts';
import type { KubeConnection } from './connection.ts';
import type { ConnectionPool } from './pool.ts';
import { codeOfCause, networkError, refusalError, type RequestSubject } from './status-error.ts';

export interface TransportOptions {
  readonly connection: KubeConnection;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whole time of a request with its body, waits for overload included. Watches have none. */
  readonly requestTimeoutMs: number;
}

export interface KubeRequest extends RequestSubject {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query below the server's URL. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: JsonValue;
  /** May be sent again after the connection broke or the server failed. */
  readonly repeatable: boolean;
  readonly gzip?: boolean;
  /** The user whose request it is to be, instead of that of the connection. */
  readonly impersonate?: string;
}

/** HTTP to one API server over one pool: refusals are errors, overload is waited for. */
export interface Transport extends AsyncDisposable {
  /** The parsed body. Errors: `Kube…` codes, and `Timeout` after `requestTimeoutMs`. */
  json(request: KubeRequest, signal: AbortSignal): Promise<JsonValue>;
  /** The body as it comes, for at most `limitMs`; longer is `KubeUnreachable`. */
  stream(request: KubeRequest, limitMs: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Overload is waited for this often, and no single wait is longer than this. */
const MAX_OVERLOAD_RETRIES = 4;
const MAX_OVERLOAD_WAIT_MS = 10_000;

const inflate = promisify(gunzip);

export function createTransport(options: TransportOptions): Transport {
  const { connection, clock, random, requestTimeoutMs } = options;
  const url = new URL(connection.server);
  const prefix = url.pathname.replace(/\/+$/, '');
  refuseUnknownProxy(connection);
  let pool: Promise<ConnectionPool> | undefined;
  let closed = false;
  /** When the API server was last heard of, on any stream. */
  let heardAt = clock.monotonic();

  /** undici is loaded with the first request: importing the library would take half as long again. */
  function connections(): Promise<ConnectionPool> {
    if (closed) throw new TiphysError('KubeUnreachable', `${connection.server}: client is closed`);
    pool ??= import('./pool.ts').then(({ createPool }) => createPool(connection, url.origin));
    return pool;
  }

  /**
   * A connection whose other end vanished without a word (a NAT, a failover) takes TCP a quarter of
   * an hour to give up. If nothing at all was heard since a request that is now overdue, all
   * connections are cut and made anew.
   */
  async function renewIfSilent(sinceMs: number): Promise<void> {
    if (heardAt >= sinceMs) return;
    const silent = pool;
    pool = undefined;
    heardAt = clock.monotonic();
    await (await silent)?.destroy();
  }

  async function headersOf(request: KubeRequest): Promise<Record<string, string>> {
    const headers: Record<string, string> = {
      accept: request.accept ?? 'application/json',
      'user-agent': 'tiphys',
    };
    if (request.body !== undefined) {
      headers['content-type'] = request.contentType ?? 'application/json';
    }
    if (request.impersonate !== undefined) headers['impersonate-user'] = request.impersonate;
    if (request.gzip === true) headers['accept-encoding'] = 'gzip';
    const authorization = await authorizationOf(connection);
    if (authorization !== undefined) headers['authorization'] = authorization;
    return headers;
  }

  async function attempt(
    request: KubeRequest,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const headers = await untilAborted(credentials(request, headersOf(request)), signal);
    const { request: ask } = await untilAborted(connections(), signal);
    const answer = await ask(
      {
        origin: url.origin,
        path: prefix + request.path,
        method: request.method,
        headers,
        body: request.body === undefined ? null : JSON.stringify(request.body),
      },
      signal,
    );
    heardAt = clock.monotonic();
    return answer;
  }

  /** Sends until there is an answer that is not "later": overload, a broken pooled connection, stale credentials. */
  async function send(request: KubeRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    let overloads = 0;
    let renewed = false;
    let resent = false;
    for (;;) {
      signal.throwIfAborted();
      let answer: Dispatcher.ResponseData;
      try {
        answer = await attempt(request, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof TiphysError) throw error;
        if (resent || !request.repeatable || !isBrokenConnection(error)) {
          throw networkError(request, connection.server, error);
        }
        resent = true; // the pool kept a connection that the server had closed
        continue;
      }
      if (answer.statusCode < 400) return answer;
      const retryAfterMs = retryAfterOf(answer.headers['retry-after']);
      const error = refusalError(request, {
        status: answer.statusCode,
        body: parseBody(await readBody(answer, request, connection.server, signal)),
        retryAfterMs,
      });
      if (answer.statusCode === 401 && !renewed && connection.forgetCredentials !== undefined) {
        renewed = true;
        connection.forgetCredentials();
        continue;
      }
      const later =
        answer.statusCode === 429 ||
        (answer.statusCode >= 500 && request.repeatable && retryAfterMs !== undefined);
      const waitMs = (retryAfterMs ?? 1000) * (1 + random() / 4);
      if (!later || overloads === MAX_OVERLOAD_RETRIES || waitMs > MAX_OVERLOAD_WAIT_MS) {
        throw error;
      }
      overloads += 1;
      await clock.sleep(waitMs, signal);
    }
  }

  return {
    async json(request, signal) {
      const startedAt = clock.monotonic();
      using deadline = withDeadline(signal, requestTimeoutMs, clock);
      try {
        const answer = await send(request, deadline.signal);
        const body = await readBody(answer, request, connection.server, deadline.signal);
        return parseAnswer(request, body);
      } catch (error) {
        signal.throwIfAborted();
        if (!deadline.signal.aborted || !hasCode(error, 'Timeout')) throw error;
        await renewIfSilent(startedAt);
        throw new TiphysError(
          'Timeout',
          `${request.subject}: ${request.verb} failed: ${connection.server}: ${error.message}`,
          { cause: error, hint: 'Check the API server and the network.' },
        );
      }
    },
    async *stream(request, limitMs, signal) {
      const startedAt = clock.monotonic();
      using deadline = withDeadline(signal, limitMs, clock);
      try {
        const answer = await send(request, deadline.signal);
        for await (const chunk of answer.body) {
          heardAt = clock.monotonic();
          yield chunk as Uint8Array;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof TiphysError && error !== deadline.signal.reason) throw error;
        if (deadline.signal.aborted) await renewIfSilent(startedAt);
        throw networkError(request, connection.server, error);
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await (await pool)?.destroy();
    },
  };
}

/** A proxy URL may hold a password, so the message names only its scheme. */
function refuseUnknownProxy({ server, proxyUrl }: KubeConnection): void {
  if (proxyUrl === undefined || /^https?:/.test(proxyUrl)) return;
  const scheme = proxyUrl.slice(0, Math.max(0, proxyUrl.indexOf(':')));
  throw new TiphysError(
    'InvalidConfig',
    `${server}: cannot connect: proxies of scheme ${scheme} are not supported`,
    { hint: 'Use an http:// or https:// proxy.' },
  );
}

/** The `Authorization` header of a connection, asked for anew; `undefined`: it has none. */
export async function authorizationOf(connection: KubeConnection): Promise<string | undefined> {
  const { token, basic } = connection;
  if (token !== undefined) {
    const value = typeof token === 'string' ? token : await token();
    if (value !== undefined && value !== '') return `Bearer ${value}`;
  }
  if (basic === undefined) return await connection.authorization?.();
  return `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`;
}

/** Obtaining credentials (a file, a program, an issuer) fails with a code of its own. */
async function credentials<T>(request: KubeRequest, obtained: Promise<T>): Promise<T> {
  try {
    return await obtained;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new TiphysError(
      'KubeUnauthorized',
      `${request.subject}: ${request.verb} failed: no credentials: ${words}`,
      { cause: error, hint: 'Check the credentials of the connection.' },
    );
  }
}

/** A connection of the pool broke; where none came about, trying again at once would fail the same way. */
function isBrokenConnection(error: unknown): boolean {
  return /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_INFO|ERR_HTTP2_)/.test(codeOfCause(error));
}

/** Seconds, as API servers send them, as milliseconds; undefined when absent or a date. */
function retryAfterOf(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  const seconds = Number(text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

async function readBody(
  answer: Dispatcher.ResponseData,
  request: KubeRequest,
  server: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    if (answer.headers['content-encoding'] !== 'gzip') return await answer.body.text();
    return (await inflate(await answer.body.arrayBuffer())).toString('utf8');
  } catch (error) {
    signal.throwIfAborted();
    throw networkError(request, server, error);
  }
}

function parseBody(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text; // proxies answer with HTML or plain text; the caller quotes it
  }
}

function parseAnswer(request: KubeRequest, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The parser's own words quote the answer, which may be a Secret.
    throw new TiphysError(
      'KubeRejected',
      `${request.subject}: ${request.verb} failed: the answer is not JSON`,
      { hint: 'Check that the address is that of an API server.' },
    );
  }
}
