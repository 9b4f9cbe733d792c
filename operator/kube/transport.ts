import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { buildConnector, Pool, ProxyAgent, type Dispatcher } from 'undici';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { JsonValue } from '../core/objects/json.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../runtime/deadline.ts';
import type { KubeConnection, TlsMaterial } from './connection.ts';
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
}

/** HTTP to one API server over one pool: refusals are errors, overload is waited for. */
export interface Transport extends AsyncDisposable {
  /** The parsed body. Errors: `Kube…` codes, and `Timeout` after `requestTimeoutMs`. */
  json(request: KubeRequest, signal: AbortSignal): Promise<JsonValue>;
  /** The body as it comes, without a time limit. The caller reads it to its end or aborts. */
  stream(request: KubeRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** Overload is waited for this often, and no single wait is longer than this. */
const MAX_OVERLOAD_RETRIES = 4;
const MAX_OVERLOAD_WAIT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;

const inflate = promisify(gunzip);

export function createTransport(options: TransportOptions): Transport {
  const { connection, clock, random, requestTimeoutMs } = options;
  const url = new URL(connection.server);
  const prefix = url.pathname.replace(/\/+$/, '');
  const dispatcher = createDispatcher(connection, url.origin);

  async function headersOf(request: KubeRequest): Promise<Record<string, string>> {
    const headers: Record<string, string> = {
      accept: request.accept ?? 'application/json',
      'user-agent': 'tiphys',
    };
    if (request.body !== undefined) {
      headers['content-type'] = request.contentType ?? 'application/json';
    }
    if (request.gzip === true) headers['accept-encoding'] = 'gzip';
    const authorization = await authorizationOf(connection);
    if (authorization !== undefined) headers['authorization'] = authorization;
    return headers;
  }

  async function attempt(
    request: KubeRequest,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const headers = await credentials(request, headersOf(request));
    signal.throwIfAborted();
    return await dispatcher.request({
      origin: url.origin,
      path: prefix + request.path,
      method: request.method,
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal,
    });
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
      using deadline = withDeadline(signal, requestTimeoutMs, clock);
      try {
        const answer = await send(request, deadline.signal);
        const body = await readBody(answer, request, connection.server, deadline.signal);
        return parseAnswer(request, body);
      } catch (error) {
        signal.throwIfAborted();
        if (!deadline.signal.aborted || !hasCode(error, 'Timeout')) throw error;
        throw new TiphysError(
          'Timeout',
          `${request.subject}: ${request.verb} failed: ${connection.server}: ${error.message}`,
          { cause: error, hint: 'Check the API server and the network.' },
        );
      }
    },
    async stream(request, signal) {
      const answer = await send(request, signal);
      return bodyChunks(answer, request, connection.server, signal);
    },
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy();
    },
  };
}

function createDispatcher(connection: KubeConnection, origin: string): Dispatcher {
  const tls = (material: TlsMaterial) => ({
    ...(material.ca === undefined ? {} : { ca: material.ca }),
    ...(material.cert === undefined ? {} : { cert: material.cert }),
    ...(material.key === undefined ? {} : { key: material.key }),
    rejectUnauthorized: connection.insecure !== true,
    ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
  });
  const pool = {
    allowH2: true,
    // A watch has no end of its own and pauses for minutes; requests have their own deadline.
    bodyTimeout: 0,
    headersTimeout: 0,
    keepAliveTimeout: 60_000,
    h2Options: {
      // A dead connection under all watches is noticed within this time.
      pingInterval: 15_000,
      // One slow reader must not stop the other streams of its connection.
      connectionWindowSize: 16 * 1024 * 1024,
    },
  };
  if (connection.proxyUrl !== undefined) {
    if (!/^https?:/.test(connection.proxyUrl)) {
      const scheme = connection.proxyUrl.slice(0, connection.proxyUrl.indexOf(':'));
      throw new TiphysError(
        'InvalidConfig',
        `${connection.server}: cannot connect: proxy scheme ${scheme} is not supported`,
        { hint: 'Use an http:// or https:// proxy.' },
      );
    }
    return new ProxyAgent({
      ...pool,
      uri: connection.proxyUrl,
      requestTls: { ...tls(connection), allowH2: true },
    });
  }
  const connect = { timeout: CONNECT_TIMEOUT_MS, allowH2: true };
  const { renewTls } = connection;
  if (renewTls === undefined) {
    return new Pool(origin, { ...pool, connect: { ...connect, ...tls(connection) } });
  }
  return new Pool(origin, {
    ...pool,
    connect(target, callback) {
      renewTls().then(
        (material) =>
          buildConnector({ ...connect, ...tls({ ...connection, ...material }) })(target, callback),
        (error: unknown) =>
          callback(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
  });
}

async function authorizationOf(connection: KubeConnection): Promise<string | undefined> {
  const { token, basic } = connection;
  if (token !== undefined) {
    const value = typeof token === 'string' ? token : await token();
    if (value !== undefined && value !== '') return `Bearer ${value}`;
  }
  if (basic === undefined) return undefined;
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

async function* bodyChunks(
  answer: Dispatcher.ResponseData,
  request: KubeRequest,
  server: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* answer.body;
  } catch (error) {
    signal.throwIfAborted();
    throw networkError(request, server, error);
  }
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
  } catch (cause) {
    throw new TiphysError(
      'KubeRejected',
      `${request.subject}: ${request.verb} failed: the answer is not JSON`,
      { cause, hint: 'Check that the address is that of an API server.' },
    );
  }
}
