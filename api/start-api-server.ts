import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { createServer as createSocketServer, type AddressInfo, type Socket } from 'node:net';
import type { SecureVersion } from 'node:tls';
import { TiphysError } from '../operator/index.ts';
import { redirectToTls } from './http/redirect-to-tls.ts';

/** A certificate, with those that lead to it, and its private key; PEM. */
export interface TlsPair {
  readonly certificate: string;
  readonly key: string;
}

export interface TlsOptions {
  /** `undefined`: none can be used now; the last one stays. */
  readonly current: () => TlsPair | undefined;
  readonly onChange: (listener: () => void) => Disposable;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** In the words of OpenSSL, with colons between; for TLS 1.2 and below. Empty: those of Node. */
  readonly ciphers: string;
}

export interface ApiServerOptions {
  readonly app: RequestListener;
  /** Serves websockets, which ask by an upgrade; default none. */
  readonly upgrade?: Parameters<Server['on']>[1];
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: TlsOptions;
  /** How long a connection may say nothing at first. Default 10 s. */
  readonly firstByteMs?: number;
  /** How long requests under way may go on when it stops. Default 5 s. */
  readonly drainMs?: number;
}

/** A server that listens. Disposing lets requests under way end, for a while, and closes every connection. */
export interface ApiServer extends AsyncDisposable {
  readonly port: number;
}

/** Whoever can reach the port could otherwise hold connections and memory. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 65_536, // tokens in cookies are long
} as const;
const MAX_HEADERS = 200;
const MAX_CONNECTIONS = 10_000;
const FIRST_BYTE_MS = 10_000;
const DRAIN_MS = 5_000;
/** How a TLS handshake begins. */
const HANDSHAKE = 0x16;

/**
 * Serves the API, over TLS unless that is left out; a certificate that changes counts for new connections.
 * Plain requests on the port of TLS are sent to HTTPS. Errors: `InvalidConfig` when the port cannot be
 * taken or there is no certificate.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  await using stack = new AsyncDisposableStack();
  const { app, upgrade, tls, drainMs = DRAIN_MS, firstByteMs = FIRST_BYTE_MS } = options;
  const plain = createServer(LIMITS, tls === undefined ? app : redirectToTls);
  const secure = tls === undefined ? undefined : stack.adopt(startTls(app, tls, stack), () => {});
  for (const server of [plain, secure])
    if (server !== undefined) {
      server.maxHeadersCount = MAX_HEADERS;
      if (upgrade !== undefined && (tls === undefined || server === secure))
        server.on('upgrade', upgrade);
    }
  // Counted here: a server stops counting a connection that TLS has taken over.
  const sockets = new Set<Socket>();
  const none = Promise.withResolvers<void>();
  let stopping = false;
  const front = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      if (stopping && sockets.size === 0) none.resolve();
    });
    if (secure === undefined) plain.emit('connection', socket);
    else chooseByFirstByte(socket, firstByteMs, plain, secure);
  });
  front.maxConnections = MAX_CONNECTIONS;
  await listen(front, options);
  const running = stack.move();
  return {
    port: (front.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      stopping = true;
      const closed = new Promise<void>((resolve) => front.close(() => resolve()));
      for (const server of [plain, secure]) server?.closeIdleConnections();
      if (sockets.size === 0) none.resolve();
      const late = AbortSignal.timeout(drainMs);
      late.addEventListener('abort', () => none.resolve(), { once: true });
      await none.promise;
      for (const socket of sockets) socket.destroy();
      await closed;
      await running.disposeAsync();
    },
  };
}

function startTls(app: RequestListener, tls: TlsOptions, stack: AsyncDisposableStack): TlsServer {
  const { minVersion, maxVersion, ciphers } = tls;
  const contextOf = ({ certificate, key }: TlsPair) => ({
    ...{ cert: certificate, key, minVersion, maxVersion },
    ...(ciphers !== '' && { ciphers: `${ciphers}:${TLS13}` }),
  });
  const first = tls.current();
  if (first === undefined)
    throw new TiphysError('InvalidConfig', 'API: there is no certificate for TLS', {
      hint: 'Repair the Secret argocd-server-tls or argocd-secret, or serve without TLS.',
    });
  const server = createTlsServer({ ...LIMITS, ...contextOf(first) }, app);
  stack.use(
    tls.onChange(() => {
      const next = tls.current();
      if (next !== undefined) server.setSecureContext(contextOf(next));
    }),
  );
  return server;
}

/** Which are not chosen one by one: without them there is no TLS 1.3. */
const TLS13 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

function chooseByFirstByte(socket: Socket, waitMs: number, plain: Server, secure: TlsServer): void {
  socket.setTimeout(waitMs, () => socket.destroy());
  socket.on('error', () => socket.destroy()); // it went away before it said anything
  socket.once('data', (chunk: Buffer) => {
    socket.pause();
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    socket.unshift(chunk);
    (chunk[0] === HANDSHAKE ? secure : plain).emit('connection', socket);
    queueMicrotask(() => socket.resume()); // once the server reads it
  });
}

async function listen(
  server: ReturnType<typeof createSocketServer>,
  { host, port }: ApiServerOptions,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new TiphysError(
          'InvalidConfig',
          `API port ${port}: cannot listen on ${host}: ${cause.message}`,
          { cause, hint: 'Choose a free port and an address of this machine.' },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}
