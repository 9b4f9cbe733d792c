import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as forward } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServerCertificate } from './certificates.ts';
import type { ControlPlane } from './control-plane.ts';
import { kubeconfigText } from './kubeconfig.ts';

/** What may happen to a request on its way. */
export const FAULTS = [
  /** 429 with `Retry-After: 1`. */
  'overload',
  /** 429 that does not say when to come again. */
  'overload-bare',
  /** 500, and nothing was done. */
  'internal',
  /** 500, although it was done. */
  'internal-after',
  /** 409, as for an object that somebody else has changed meanwhile. Writes only. */
  'conflict',
  /** The connection breaks before the API server hears of it. */
  'reset',
  /** The connection breaks when the API server has done it. */
  'reset-after',
] as const;

export type Fault = (typeof FAULTS)[number];

/** An API server with bad days, in front of a good one. */
export interface FaultyProxy extends AsyncDisposable {
  /** Of the administrator, by way of the proxy. */
  readonly kubeconfigPath: string;
  /** Its URL. */
  readonly server: string;
  /** What was done so far, and how many watches were cut. */
  readonly faults: Readonly<Record<Fault | 'watch-cut', number>>;
  /** From now on. Share of requests that go wrong, 0 to 1; watches are cut only above 0. */
  setRate(rate: number): void;
  /** From now on: it is asked of every request before chance is, and says what goes wrong with it. */
  setScript(script: FaultScript): void;
  /** Cuts all watches that are open. */
  cutWatches(): void;
}

/** What happens to one request; `undefined`: nothing. `path` is without the query. */
export type FaultScript = (request: {
  readonly method: string;
  readonly path: string;
  readonly isWatch: boolean;
}) => Fault | undefined;

export interface FaultyProxyOptions {
  readonly plane: Pick<ControlPlane, 'server' | 'ca' | 'adminToken' | 'dir'>;
  /** The same requests in the same order meet the same faults. */
  readonly seed: number;
  /** Default 0. */
  readonly rate?: number;
}

/** How long a watch lives while there are faults. */
const WATCH_MS = { min: 200, spread: 3_000 };

/** TLS on 127.0.0.1, in front of a control plane. Disposing cuts open connections. */
export async function startFaultyProxy(options: FaultyProxyOptions): Promise<FaultyProxy> {
  const { plane } = options;
  const upstream = new URL(plane.server);
  const agent = new Agent({ ca: plane.ca, keepAlive: true, maxSockets: 256 });
  const random = seededRandom(options.seed);
  let rate = options.rate ?? 0;
  const faults = {
    ...(Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>),
    'watch-cut': 0,
  };

  let script: FaultScript = () => undefined;
  const watches = new Set<ServerResponse>();

  function draw(request: IncomingMessage): Fault | undefined {
    const { method = '', url = '/' } = request;
    const path = new URL(url, 'https://api').pathname;
    const scripted = script({ method, path, isWatch: isWatch(request) });
    if (scripted !== undefined) {
      faults[scripted] += 1;
      return scripted;
    }
    if (random() >= rate) return undefined;
    const possible = FAULTS.filter((fault) => fault !== 'conflict' || request.method !== 'GET');
    const fault = possible[Math.floor(random() * possible.length)];
    if (fault !== undefined) faults[fault] += 1;
    return fault;
  }

  function pass(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined) {
    const onward = forward({
      agent,
      host: upstream.hostname,
      port: upstream.port,
      method: request.method,
      path: request.url,
      headers: request.headers,
    });
    const cut = () => response.socket?.destroy();
    onward.on('error', cut);
    onward.on('response', (answer) => {
      answer.on('error', cut);
      if (fault !== undefined) {
        const fail = () => (fault === 'reset-after' ? cut() : refuse(response, fault));
        if (isWatch(request)) {
          fail(); // its end would be minutes away
          return;
        }
        answer.resume();
        answer.on('end', fail);
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders(); // a watch that has nothing to tell yet has begun all the same
      answer.pipe(response);
      if (isWatch(request)) {
        watches.add(response);
        response.on('close', () => watches.delete(response));
      }
      if (rate > 0 && isWatch(request)) {
        const timer = setTimeout(
          () => {
            faults['watch-cut'] += 1;
            cut();
          },
          WATCH_MS.min + random() * WATCH_MS.spread,
        );
        response.on('close', () => clearTimeout(timer));
      }
    });
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  const { certificate, key } = createServerCertificate('127.0.0.1');
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const fault = draw(request);
    if (fault === undefined || fault === 'reset-after' || fault === 'internal-after') {
      pass(request, response, fault);
    } else if (fault === 'reset') {
      response.socket?.destroy();
    } else {
      request.resume();
      refuse(response, fault);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfigPath = join(plane.dir, `faulty-${port}.json`);
  await writeFile(
    kubeconfigPath,
    kubeconfigText({
      server: `https://127.0.0.1:${port}`,
      ca: certificate,
      token: plane.adminToken,
      user: 'admin',
    }),
    { mode: 0o600 },
  );
  return {
    kubeconfigPath,
    server: `https://127.0.0.1:${port}`,
    faults,
    setRate(next) {
      rate = next;
    },
    setScript(next) {
      script = next;
    },
    cutWatches() {
      for (const { socket } of watches) socket?.destroy();
    },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

function isWatch({ url = '/' }: IncomingMessage): boolean {
  return new URL(url, 'https://api').searchParams.get('watch') === 'true';
}

const REFUSALS: Readonly<
  Record<
    Exclude<Fault, 'reset' | 'reset-after'>,
    { readonly code: number; readonly reason: string; readonly message: string }
  >
> = {
  overload: { code: 429, reason: 'TooManyRequests', message: 'too many requests' },
  'overload-bare': { code: 429, reason: 'TooManyRequests', message: 'too many requests' },
  internal: { code: 500, reason: 'InternalError', message: 'etcdserver: request timed out' },
  'internal-after': { code: 500, reason: 'InternalError', message: 'etcdserver: leader changed' },
  conflict: {
    code: 409,
    reason: 'Conflict',
    message: 'the object has been modified; please apply your changes to the latest version',
  },
};

function refuse(response: ServerResponse, fault: Fault): void {
  if (fault === 'reset' || fault === 'reset-after') return;
  const { code, reason, message } = REFUSALS[fault];
  response.writeHead(code, {
    'content-type': 'application/json',
    ...(fault === 'overload' ? { 'retry-after': '1' } : {}),
  });
  response.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }),
  );
}

/** mulberry32: numbers from 0 to 1, always the same ones for a seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
