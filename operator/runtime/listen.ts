import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TiphysError } from '../core/errors.ts';

export interface ListenOptions {
  /** What the port is for, as an error names it. */
  readonly what: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A server that listens. Disposing closes every connection, idle or not. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** Errors: `InvalidConfig` when the port cannot be taken. */
export async function listen(
  server: Server,
  { what, host, port }: ListenOptions,
): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.on('error', (cause) =>
      reject(
        new TiphysError(
          'InvalidConfig',
          `${what} port ${port}: cannot listen on ${host}: ${cause.message}`,
          { cause, hint: 'Choose a free port and an address of this machine.' },
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
