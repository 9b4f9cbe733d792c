import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TiphysError } from '../operator/index.ts';

export interface ApiServerOptions {
  readonly app: RequestListener;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A server that listens. Disposing closes every connection, idle or not. */
export interface ApiServer extends AsyncDisposable {
  readonly port: number;
}

/** Whoever can reach the port could otherwise hold connections and memory. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 65_536, // tokens in cookies are long
} as const;

/** Serves the API. Errors: `InvalidConfig` when the port cannot be taken. */
export async function startApiServer({ app, host, port }: ApiServerOptions): Promise<ApiServer> {
  const server = createServer(LIMITS, app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new TiphysError(
          'InvalidConfig',
          `API port ${port}: cannot listen on ${host}: ${cause.message}`,
          {
            cause,
            hint: 'Choose a free port and an address of this machine.',
          },
        ),
      ),
    );
    server.listen(port, host, resolve);
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
