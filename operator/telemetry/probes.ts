import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TiphysError } from '../core/errors.ts';
import type { PrometheusMetrics } from './metrics.ts';

export interface ProbesOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Pick<PrometheusMetrics, 'text' | 'contentType'>;
  readonly ready: () => { readonly ok: boolean; readonly reasons: readonly string[] };
}

export interface Probes extends AsyncDisposable {
  readonly port: number;
}

const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves `/metrics`, `/healthz` and `/readyz` over HTTP. `/readyz` answers 503 and says what is
 * missing. Errors: `InvalidConfig` when the port cannot be taken. Disposing closes every connection.
 */
export async function startProbes(options: ProbesOptions): Promise<Probes> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request, response, options).catch(() => response.destroy());
  });
  server.maxHeadersCount = 100;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new TiphysError(
          'InvalidConfig',
          `--metrics-port ${options.port}: cannot listen on ${options.host}: ${cause.message}`,
          { cause },
        ),
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, ready }: ProbesOptions,
): Promise<void> {
  const send = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'GET only\n');
  switch ((request.url ?? '').split('?')[0]) {
    case '/metrics':
      return send(200, await metrics.text(), metrics.contentType);
    case '/healthz':
      return send(200, 'ok\n');
    case '/readyz': {
      const { ok, reasons } = ready();
      return ok ? send(200, 'ok\n') : send(503, `${reasons.join('\n')}\n`);
    }
    default:
      return send(404, 'not found; there are /metrics, /healthz and /readyz\n');
  }
}
