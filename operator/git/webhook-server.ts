import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type Listening } from '../runtime/listen.ts';
import type { WebhookAnswer, WebhookRequest } from './webhook.ts';

export interface WebhookServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly receive: (request: WebhookRequest) => Promise<WebhookAnswer>;
}

export type WebhookServer = Listening;

/** Whoever can reach the port could otherwise hold connections and memory. */
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
} as const;
const MAX_HEADERS = 100;
const MAX_CONNECTIONS = 200;
const PATH = '/api/webhook';

/**
 * Serves `POST /api/webhook` over HTTP and nothing else. Errors: `InvalidConfig` when the port cannot
 * be taken. Disposing closes every connection, idle or not.
 */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const server = createServer(LIMITS, (request, response) => {
    answer(request, response, options).catch(() => response.destroy()); // the sender went away
  });
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = MAX_CONNECTIONS;
  return await listen(server, { what: 'webhook', host: options.host, port: options.port });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { receive }: WebhookServerOptions,
): Promise<void> {
  const send = (status: number, body: string): void => {
    // What was not read of the body must not be taken for the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body}\n`);
  };
  if ((request.url ?? '').split('?')[0] !== PATH) return send(404, `not found; there is ${PATH}`);
  const { method = '', headers } = request;
  const { status, message } = await receive({ method, headers, body: request });
  send(status, message);
}
