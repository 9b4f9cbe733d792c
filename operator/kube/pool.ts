import { buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { TiphysError } from '../core/errors.ts';
import type { KubeConnection, TlsMaterial } from './connection.ts';

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

/** The pooled connections to one API server: HTTP/2 where it is spoken, else HTTP/1.1. Opens nothing yet. */
export function createPool(connection: KubeConnection, origin: string): Dispatcher {
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
  if (!/^https?:/.test(proxyUrl)) {
    throw new TiphysError(
      'InvalidConfig',
      `${connection.server}: cannot connect: proxies of scheme ${schemeOf(proxyUrl)} are not supported`,
      { hint: 'Use an http:// or https:// proxy.' },
    );
  }
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

/** A proxy URL may hold a password, so messages name only its scheme. */
function schemeOf(url: string): string {
  return url.slice(0, Math.max(0, url.indexOf(':')));
}
