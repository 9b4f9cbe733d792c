import { buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { KubeConnection, TlsMaterial } from './connection.ts';
import { guardedRequest } from './guarded-request.ts';

// Everything that needs undici is behind this file, which is loaded with the first request.

const CONNECT_TIMEOUT_MS = 10_000;

const POOL_OPTIONS = {
  allowH2: true,
  // A watch has no end of its own and is silent for minutes; requests have their own deadline.
  bodyTimeout: 0,
  headersTimeout: 0,
  keepAliveTimeout: 60_000,
  h2Options: {
    pingInterval: 30_000,
    // One slow reader must not stop the other streams of its connection.
    connectionWindowSize: 16 * 1024 * 1024,
  },
} as const;

/** Connections to one API server that requests share. */
export interface ConnectionPool {
  /** Errors: undici's. Cancellation: rejects with `signal.reason`. */
  request(
    options: Dispatcher.RequestOptions,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData>;
  /** Cuts all connections and fails the requests on them. */
  destroy(): Promise<void>;
}

/** Speaks HTTP/2 where the API server does, else HTTP/1.1. Opens nothing yet. */
export function createPool(connection: KubeConnection, origin: string): ConnectionPool {
  const dispatcher = createDispatcher(connection, origin);
  return {
    request: (options, signal) => guardedRequest(dispatcher, options, signal),
    destroy: () => dispatcher.destroy(),
  };
}

function createDispatcher(connection: KubeConnection, origin: string): Dispatcher {
  if (connection.proxyUrl !== undefined) return createProxied(connection, connection.proxyUrl);
  const connect = { timeout: CONNECT_TIMEOUT_MS, allowH2: true };
  const { renewTls } = connection;
  if (renewTls === undefined) {
    return new Pool(origin, {
      ...POOL_OPTIONS,
      connect: { ...connect, ...tlsOptions(connection, connection) },
    });
  }
  return new Pool(origin, {
    ...POOL_OPTIONS,
    connect(target, callback) {
      renewTls().then(
        (material) =>
          buildConnector({ ...connect, ...tlsOptions(connection, { ...connection, ...material }) })(
            target,
            callback,
          ),
        (error: unknown) =>
          callback(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
  });
}

function createProxied(connection: KubeConnection, proxyUrl: string): Dispatcher {
  return new ProxyAgent({
    ...POOL_OPTIONS,
    uri: proxyUrl,
    proxyTunnel: true,
    requestTls: { ...tlsOptions(connection, connection), timeout: CONNECT_TIMEOUT_MS },
  });
}

function tlsOptions({ insecure, serverName }: KubeConnection, { ca, cert, key }: TlsMaterial) {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: insecure !== true,
  };
}
