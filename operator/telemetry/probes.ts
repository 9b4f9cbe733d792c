import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type Listening } from '../runtime/listen.ts';
import type { PrometheusMetrics } from './metrics.ts';

export interface ProbesOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Pick<PrometheusMetrics, 'text' | 'contentType'>;
  readonly ready: () => { readonly ok: boolean; readonly reasons: readonly string[] };
}

export type Probes = Listening;

/** Whoever can reach the port could otherwise hold connections and memory. */
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 8_192,
} as const;
const MAX_HEADERS = 50;
const MAX_CONNECTIONS = 100;
const TEXT = 'text/plain; charset=utf-8';

/**
 * Serves `/metrics`, `/healthz` and `/readyz` over HTTP. `/readyz` answers 503 and says what is
 * missing, one reason a line. Errors: `InvalidConfig` when the port cannot be taken. Disposing
 * closes every connection, idle or not.
 */
export async function startProbes(options: ProbesOptions): Promise<Probes> {
  const server = createServer(LIMITS, (request, response) => {
    answer(request, response, options).catch((error: unknown) => fail(response, error));
  });
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = MAX_CONNECTIONS;
  return await listen(server, { what: 'metrics', host: options.host, port: options.port });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, ready }: ProbesOptions,
): Promise<void> {
  const send = (status: number, body: string, type = TEXT): void => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
  const page = (request.url ?? '').split('?')[0];
  if (page !== '/metrics' && page !== '/healthz' && page !== '/readyz')
    return send(404, 'not found; there are /metrics, /healthz and /readyz\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD').setHeader('connection', 'close'); // its body is not read
    return send(405, 'GET only\n');
  }
  switch (page) {
    case '/metrics':
      return send(200, await metrics.text(), metrics.contentType);
    case '/healthz':
      return send(200, 'ok\n');
    case '/readyz': {
      const { ok, reasons } = ready();
      return ok ? send(200, 'ok\n') : send(503, `${reasons.join('\n')}\n`);
    }
  }
}

/** The one who asks learns why; there is nobody else to tell. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(500, { 'content-type': TEXT }).end(`${message}\n`);
}
