import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { constants as zlib } from 'node:zlib';
import compression from 'compression';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { type Clock, type Logger, TiphysError, toTiphysError } from '../operator/index.ts';
import type { Authenticated, Authenticator, ControlPlane } from '../operator/services/index.ts';
import { authenticate } from './http/authenticate.ts';
import { checkAgent } from './http/check-agent.ts';
import { encodeJson } from './http/go-json.ts';
import { createOpenRequests, type OpenRequests } from './http/open-requests.ts';
import { paramsOf } from './http/params-of.ts';
import { isUnforeseen, problemBody, problemOf } from './http/problem.ts';
import { readBody } from './http/read-body.ts';
import { secureHeaders, type SecureHeadersOptions } from './http/secure-headers.ts';
import { sendMessages } from './http/send-messages.ts';
import { untilSessionEnds } from './http/until-session-ends.ts';
import { sessionCookies, type TokenCookies } from './http/token-cookies.ts';
import { expressPath } from './http/express-path.ts';
import type { Answer, Route } from './route.ts';

export interface ApiOptions {
  readonly controlPlane: ControlPlane;
  readonly routes: readonly Route[];
  readonly authenticator: Authenticator;
  /** Whether those without a token are let in, as nobody in particular. */
  readonly allowsAnonymous: () => boolean;
  /** The cookies that hand a browser its new token; default none. */
  readonly tokenCookies?: TokenCookies;
  /** Paths that somebody else answers. */
  readonly proxies?: readonly ApiProxy[];
  /** What a request that changes something must say it sends; empty: anything. Default: JSON. */
  readonly contentTypes?: readonly string[];
  readonly maxBodyBytes?: number;
  /** The path under which everything is served; default the top. What clients use to see whether it lives stays there too. */
  readonly rootPath?: string;
  readonly headers?: SecureHeadersOptions;
  /** Whether answers are compressed for who asks; never streams. Default true. */
  readonly gzip?: boolean;
  /** Requests and streams that one account or address may have open; 0 is no bound. Default 1 000. */
  readonly maxOpenPerClient?: number;
  /** Who may tell the address of a client by X-Forwarded-For: addresses and CIDRs, or how many proxies there are; default nobody. */
  readonly trustedProxies?: number | readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the server stops: streams end. */
  readonly stopping: AbortSignal;
}

const MAX_BODY_BYTES = 16 * 2 ** 20;
const MAX_OPEN = 1_000;
/** Long lists are packed for each client anew: a third of the work, for a sixth more bytes with gzip. */
const QUICKLY: compression.CompressionOptions = {
  level: zlib.Z_BEST_SPEED,
  brotli: { params: { [zlib.BROTLI_PARAM_QUALITY]: 1 } },
};
const LIVENESS = '/healthz';
const HEADERS: SecureHeadersOptions = {
  frameOptions: 'sameorigin',
  contentSecurityPolicy: "frame-ancestors 'self';",
};

/**
 * The API as an Express application; nothing listens yet. Every request is answered: with what its
 * route says, or with a problem in the shape that clients of the incumbent know.
 */
export function createApi(options: ApiOptions): Express {
  const { rootPath = '', headers = HEADERS, gzip = true, maxOpenPerClient = MAX_OPEN } = options;
  const context = { ...options, open: createOpenRequests(maxOpenPerClient) };
  const app = bare(options);
  app.use(secureHeaders(headers));
  if (gzip) app.use(compression(QUICKLY));
  const prefix = `/${rootPath.replaceAll(/^\/+|\/+$/g, '')}`;
  app.use(prefix, routed(options.routes, context));
  if (prefix !== '/')
    app.use(
      routed(
        options.routes.filter(({ path }) => path === LIVENESS),
        context,
      ),
    );
  app.use((_request, response) => {
    response.status(404).type('text/plain').send('Not Found\n');
  });
  return app;
}

function bare({ trustedProxies = [] }: ApiOptions): Express {
  const app = express();
  app.set('trust proxy', trustedProxies);
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false); // read from the URL, by the shape of the route
  app.set('case sensitive routing', true);
  return app;
}

function routed(routes: readonly Route[], context: Context): Express {
  const app = bare(context);
  for (const proxy of context.proxies ?? []) app.use(forwarded(proxy, context));
  for (const route of routes)
    app[route.method](expressPath(route.path), async (request, response) => {
      await respond(route, request, response, context);
    });
  for (const path of new Set(routes.map((route) => route.path)))
    app.all(expressPath(path), (_request, response) => {
      response.status(405).type('text/plain').send('Method Not Allowed\n');
    });
  return app;
}

/** Somebody else who answers requests, as they come. */
export interface ApiProxy {
  /** False: it is not for them, and nothing was answered. */
  forward(
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<boolean>;
}

function forwarded(proxy: ApiProxy, { stopping }: Context): RequestHandler {
  return async (request, response, next) => {
    const left = new AbortController();
    response.on('close', () => left.abort(new Error('the client went away')));
    const signal = AbortSignal.any([left.signal, stopping]);
    if (!(await proxy.forward(request, response, signal))) next();
  };
}

interface Context extends ApiOptions {
  readonly open: OpenRequests;
}

async function respond(
  route: Route,
  request: Request,
  response: Response,
  options: Context,
): Promise<void> {
  const { clock, logger, stopping } = options;
  const requestId = randomUUID();
  const startedMs = clock.monotonic();
  const left = new AbortController();
  response.on('close', () => left.abort(new Error('the client went away')));
  const signal = AbortSignal.any([left.signal, stopping]);
  response.setHeader('x-request-id', requestId);
  response.setHeader('grpc-metadata-content-type', 'application/grpc');
  const fields = { requestId, method: request.method, route: route.path };
  let subject = '';
  const logFailure = (error: unknown): void => {
    if (signal.aborted) return;
    const failure = toTiphysError(error);
    if (isUnforeseen(failure)) logger.error({ ...fields, err: failure }, 'a request failed');
  };
  try {
    if (route.isGuarded && !hasRightType(request, options)) {
      response.status(415).type('text/plain').send('Invalid content type\n');
      return;
    }
    checkAgent(request.headers['user-agent']);
    const authenticated = await authenticate(request.headers, route.access, options, signal);
    subject = authenticated.requester.caller?.subject ?? '';
    const address = addressOf(request);
    using _open = options.open.open(subject === '' ? `address ${address}` : subject);
    const body = await readBody(request, route.body, options.maxBodyBytes ?? MAX_BODY_BYTES);
    const answer = await route.answer(
      {
        method: request.method,
        url: request.url,
        params: paramsOf(route, request.url),
        search: new URL(request.url, 'http://localhost').searchParams,
        ...{ body, signal },
        requester: authenticated.requester,
        headers: request.headers,
        address,
      },
      options.controlPlane,
    );
    const over = lastsLong(answer)
      ? untilSessionEnds(
          (signal) => recheck(subject, request, route, options, signal),
          clock,
          signal,
        )
      : undefined;
    const sending = { ...options, logFailure, over };
    await send(answer, request, response, authenticated, sending, signal);
  } catch (error) {
    logFailure(error);
    refuse(error, response);
  } finally {
    left.abort(new Error('it was answered')); // a client that reads nothing holds no source
    const durationMs = Math.round(clock.monotonic() - startedMs);
    logger.info({ ...fields, subject, status: response.statusCode, durationMs }, 'request');
  }
}

/** As the nearest address says that is no trusted proxy. What is no address at all is not believed: counts are kept by it. */
function addressOf(request: Request): string {
  const { ip = '', socket } = request;
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}

function lastsLong(answer: Answer): boolean {
  if (answer.type === 'stream') return true;
  return (
    answer.type === 'raw' && typeof answer.body === 'object' && Symbol.asyncIterator in answer.body
  );
}

/** Errors: `Unauthenticated`, when who asked would not be let in any more. */
async function recheck(
  subject: string,
  { headers }: Request,
  { access }: Route,
  options: Context,
  signal: AbortSignal,
): Promise<void> {
  const { requester } = await authenticate(headers, access, options, signal);
  if ((requester.caller?.subject ?? '') !== subject)
    throw new TiphysError('Unauthenticated', 'the session is over');
}

/** A page of somebody else cannot make a browser send JSON: that is what protects cookies here. */
function hasRightType(
  { method, headers }: Request,
  { contentTypes = ['application/json'] }: ApiOptions,
): boolean {
  if (method === 'GET' || method === 'HEAD' || contentTypes.length === 0) return true;
  const sent = (headers['content-type'] ?? '').toLowerCase();
  return contentTypes.some((type) => type.toLowerCase() === sent);
}

interface Sending extends ApiOptions {
  readonly logFailure: (error: unknown) => void;
  /** Aborted when what lasts long must end. */
  readonly over: AbortSignal | undefined;
}

async function send(
  answer: Answer,
  request: Request,
  response: Response,
  { renewed }: Authenticated,
  options: Sending,
  signal: AbortSignal,
): Promise<void> {
  const change = 'session' in answer ? answer.session : undefined;
  const cookies = sessionCookies(change, renewed, request.headers.cookie, options.tokenCookies);
  for (const cookie of cookies) response.appendHeader('set-cookie', cookie);
  switch (answer.type) {
    case 'json':
      response.setHeader('content-type', 'application/json');
      response.setHeader('cache-control', 'no-store');
      response.end(encodeJson(answer.value));
      return;
    case 'stream':
      await sendMessages(
        answer.messages,
        response,
        {
          accept: request.headers.accept ?? '',
          headersOnly: request.method === 'HEAD',
          clock: options.clock,
          onFailure: options.logFailure,
          ...(options.over !== undefined && { over: options.over }),
          ...(answer.select !== undefined && { select: answer.select }),
          ...(answer.encode !== undefined && { encode: answer.encode }),
          ...(answer.topic !== undefined && { topic: answer.topic }),
        },
        signal,
      );
      return;
    case 'raw':
      response.status(answer.status ?? 200);
      // What a route says takes the place of what every answer has; cookies come beside others.
      for (const [name, value] of Object.entries(answer.headers))
        if (name === 'set-cookie') response.appendHeader(name, value);
        else response.setHeader(name, value);
      await sendRaw(answer.body, request.method, response, options.over ?? signal);
  }
}

async function sendRaw(
  body: Extract<Answer, { type: 'raw' }>['body'],
  method: string,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.end(body);
    return;
  }
  if (method === 'HEAD') {
    response.end();
    if (Symbol.asyncIterator in body) await body[Symbol.asyncIterator]().return?.();
    return;
  }
  const { pipeline } = await import('node:stream/promises');
  await pipeline(body, response, { signal });
}

function refuse(error: unknown, response: Response): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const problem = problemOf(error);
  response.status(problem.status).setHeader('content-type', 'application/json');
  // What was not read of the body must not be taken for the next request.
  if (!response.req.complete) response.setHeader('connection', 'close');
  response.end(encodeJson(problemBody(problem)));
}
