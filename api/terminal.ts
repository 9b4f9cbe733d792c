import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod/mini';
import { type Clock, hasCode, type Logger, TiphysError, toTiphysError } from '../operator/index.ts';
import {
  type Authenticator,
  type ControlPlane,
  type ExecSession,
  openTerminal,
  recheckTerminal,
  type Requester,
  type Terminal,
  type TerminalRequest,
} from '../operator/services/index.ts';
import { bindQuery } from './http/bind.ts';
import { isUnforeseen, problemOf } from './http/problem.ts';
import { tokenInCookies } from './http/token-of.ts';
import { text } from './routes/which-application.ts';

export interface TerminalOptions {
  readonly controlPlane: ControlPlane;
  readonly authenticator: Authenticator;
  /** Stands before the path; empty: nothing does. */
  readonly rootPath: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
}

const QUERY = z.object({
  ...{ pod: text, container: text, namespace: text },
  ...{ appName: text, appNamespace: text, projectName: text },
});
const FRAME = z.object({
  operation: z.string(),
  data: z.optional(z.string()),
  rows: z.optional(z.int().check(z.minimum(0), z.maximum(10_000))),
  cols: z.optional(z.int().check(z.minimum(0), z.maximum(10_000))),
});
const PING_MS = 5_000;
const MAX_FRAME_BYTES = 65_536;
const MAX_TERMINALS = 100;
/** The client is behind: the shell waits. */
const MAX_UNSENT_BYTES = 262_144;
/** Asks the client to connect anew, with a token that was renewed. */
const RECONNECT = JSON.stringify({ Code: 1 });

/**
 * Serves `/terminal` (`spec/api.md` 8.5): what refuses is told as plain text before the upgrade. Only cookies
 * count, and only of pages of this server: a page of somebody else has another origin.
 */
export function createTerminalServer(
  options: TerminalOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy()); // it went away
    void admit(request, options)
      .then((admitted) => {
        if (server.clients.size >= MAX_TERMINALS)
          throw new TiphysError('LimitExceeded', 'too many terminals are open');
        server.handleUpgrade(request, socket, head, (client) => {
          void serve(client, admitted, options);
        });
      })
      .catch((error: unknown) => {
        if (isUnforeseen(toTiphysError(error)))
          options.logger.error({ route: '/terminal', err: error }, 'a request failed');
        refuse(error, socket);
      });
  };
}

interface Admitted {
  readonly wanted: TerminalRequest;
  readonly terminal: Terminal;
  readonly token: string;
}

async function admit(request: IncomingMessage, options: TerminalOptions): Promise<Admitted> {
  const { controlPlane, rootPath, stopping } = options;
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  if (url?.pathname !== `${rootPath}/terminal`) throw new TiphysError('NotFound', 'Not Found');
  if (!isSameOrigin(request))
    throw new TiphysError('PermissionDenied', 'a page of another origin asks');
  const token = tokenInCookies(request.headers.cookie ?? '');
  if (token === undefined) throw new TiphysError('InvalidRequest', 'no cookie with a token');
  const wanted = requestOf(bindQuery(QUERY, url.searchParams));
  const { requester } = await options.authenticator.authenticate(token, stopping);
  try {
    const terminal = await openTerminal(controlPlane, requester, wanted, stopping);
    return { wanted, terminal, token };
  } catch (error) {
    // Whoever may not is told so as if they had not signed in: clients know no other word here.
    if (!hasCode(error, 'PermissionDenied')) throw error;
    throw new TiphysError('Unauthenticated', 'permission denied', { cause: error });
  }
}

function requestOf(query: z.output<typeof QUERY>): TerminalRequest {
  const { appName: name = '', appNamespace = '', projectName: project = '' } = query;
  const { pod = '', container = '', namespace = '' } = query;
  return { app: { name, namespace: appNamespace, project }, pod, container, namespace };
}

/** Programs send no origin; browsers always do. */
function isSameOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function refuse(error: unknown, socket: Duplex): void {
  const { status, message } = problemOf(error);
  const body = `${message}\n`;
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/** Until the client leaves, the shell ends, or one may not any more. Never rejects. */
async function serve(
  client: WebSocket,
  admitted: Admitted,
  options: TerminalOptions,
): Promise<void> {
  const { clock, logger, stopping } = options;
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, stopping]);
  let session: ExecSession | undefined;
  let size = { rows: 24, columns: 80 };
  const end = (code: number, reason: string): void => {
    client.close(code, Buffer.from(reason).subarray(0, 120).toString('utf8'));
    left.abort(new Error(reason));
  };
  client.on('error', () => client.terminate());
  client.on('close', () => left.abort(new Error('the client went away')));
  const untilLeft = { once: true, signal: left.signal }; // the server outlives its terminals
  stopping.addEventListener('abort', () => end(1001, 'the server stops'), untilLeft);
  let typed = Promise.resolve();
  client.on('message', (data) => {
    // One after the other: what is typed keeps its order, and no more is read than is worked on.
    client.pause();
    typed = typed
      .then(async () => {
        await recheck();
        take(data);
      })
      .catch((error: unknown) => end(1008, problemOf(error).message))
      .finally(() => client.resume());
  });
  void ping(client, clock, recheck, signal).catch((error: unknown) => {
    if (!signal.aborted) end(1008, problemOf(error).message);
  });
  try {
    await shell();
  } catch (error) {
    if (!signal.aborted) logger.warn({ err: error }, 'a terminal ended');
    end(1011, problemOf(error).message);
  } finally {
    session?.[Symbol.dispose]();
    left.abort(new Error('the terminal is over'));
  }

  async function recheck(): Promise<void> {
    if (await isRenewed(admitted, options, signal)) client.send(RECONNECT);
  }

  function take(data: RawData): void {
    const frame = FRAME.parse(JSON.parse(Buffer.from(data as Buffer).toString('utf8')));
    if (frame.operation === 'stdin') session?.write(frame.data ?? '');
    if (frame.operation === 'resize') {
      size = { rows: frame.rows ?? 24, columns: frame.cols ?? 80 };
      session?.resize(size);
    }
  }

  /** A shell that says nothing and fails is not in the image: the next one is tried. */
  async function shell(): Promise<void> {
    let why = 'there is no shell to try';
    for (const name of admitted.terminal.shells) {
      let said = false;
      const decoder = new TextDecoder();
      session = await admitted.terminal.start(
        name,
        (chunk) => {
          said = true;
          show(decoder.decode(chunk, { stream: true }));
        },
        signal,
      );
      session.resize(size);
      const { ok, message } = await session.ended;
      if (ok || said) return end(1000, 'the shell ended');
      why = message;
    }
    end(1011, why);
  }

  function show(data: string): void {
    client.send(JSON.stringify({ operation: 'stdout', data }), () => {
      if (client.bufferedAmount < MAX_UNSENT_BYTES) session?.resume();
    });
    if (client.bufferedAmount >= MAX_UNSENT_BYTES) session?.pause();
  }
}

/** Rights and the session are asked for anew; whether the token was renewed. Errors: why it is over. */
async function isRenewed(
  { token, wanted }: Admitted,
  { authenticator, controlPlane }: TerminalOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { requester, renewed } = await authenticator.authenticate(token, signal);
  await recheckTerminal(controlPlane, requester satisfies Requester, wanted, signal);
  return renewed !== undefined;
}

/** Rejects when one may not any more, and at the end of the terminal. */
async function ping(
  client: WebSocket,
  clock: Clock,
  recheck: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let isAlive = true;
  client.on('pong', () => (isAlive = true));
  for (;;) {
    await clock.sleep(PING_MS, signal);
    if (!isAlive) return client.terminate();
    isAlive = false;
    client.ping();
    await recheck(); // who only looks on may not for ever either
  }
}
