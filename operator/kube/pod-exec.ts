import type { RequestOptions } from 'node:https';
import { PassThrough, Writable } from 'node:stream';
import type { V1Status } from '@kubernetes/client-node';
import { TiphysError } from '../core/errors.ts';
import { describeResource } from '../core/objects/kube-object.ts';
import type { ExecEnd, ExecRequest, ExecSession, ObjectAddress } from '../ports/kube-client.ts';
import type { KubeConnection } from './connection.ts';

export interface PodExecOptions {
  readonly connection: KubeConnection;
  /** The whole `Authorization` header, if there is one. */
  readonly authorization: string | undefined;
  readonly impersonate: string | undefined;
}

const HANDSHAKE_MS = 10_000;

/**
 * Runs a command in a container with a terminal, over a websocket of client-node. Errors: `KubeRejected`
 * when it cannot be begun. Cancellation: the signal ends it.
 */
export async function execInPod(
  { namespace, name }: ObjectAddress,
  { container, command, onOutput }: ExecRequest,
  { connection, authorization, impersonate }: PodExecOptions,
  signal: AbortSignal,
): Promise<ExecSession> {
  // Large, and most of what the library does needs none of it.
  const { Exec, KubeConfig } = await import('@kubernetes/client-node');
  const material = (await connection.renewTls?.()) ?? {};
  const { ca, cert, key } = { ...connection, ...material };
  /** With the sign-in of the connection, whatever it is; files and programs were asked before. */
  class Credentials extends KubeConfig {
    override async applyToHTTPSOptions(options: RequestOptions): Promise<void> {
      await super.applyToHTTPSOptions(options);
      Object.assign(options, {
        handshakeTimeout: HANDSHAKE_MS,
        headers: {
          ...(authorization !== undefined && { authorization }),
          ...(impersonate !== undefined && { 'impersonate-user': impersonate }),
        },
      });
    }
  }
  const config = new Credentials();
  config.loadFromClusterAndUser(
    {
      name: 'cluster',
      server: connection.server,
      skipTLSVerify: connection.insecure === true,
      ...(ca !== undefined && { caData: base64(ca) }),
      ...(connection.serverName !== undefined && { tlsServerName: connection.serverName }),
      ...(connection.proxyUrl !== undefined && { proxyUrl: connection.proxyUrl }),
    },
    {
      name: 'user',
      ...(cert !== undefined && { certData: base64(cert) }),
      ...(key !== undefined && { keyData: base64(key) }),
    },
  );
  const ended = Promise.withResolvers<ExecEnd>();
  const input = new PassThrough();
  const screen = new Screen(onOutput);
  const subject = describeResource({ group: '', kind: 'Pod', namespace, name });
  let socket: Awaited<ReturnType<InstanceType<typeof Exec>['exec']>>;
  try {
    socket = await new Exec(config).exec(
      ...[encodeURIComponent(namespace), encodeURIComponent(name), container, [...command]],
      ...[screen, null, input, true],
      (status: V1Status) => ended.resolve(endOf(status)),
    );
  } catch (error) {
    // What client-node throws is an event, which holds the socket and its credentials.
    const message = (error as { message?: unknown } | undefined)?.message;
    throw new TiphysError(
      'KubeRejected',
      `${subject}: exec failed: ${typeof message === 'string' ? message : 'no websocket'}`,
      { hint: 'Check that the operator may create pods/exec there, and that the Pod runs.' },
    );
  }
  const close = (): void => socket.terminate();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  socket.on('error', () => close());
  socket.on('close', () => {
    signal.removeEventListener('abort', close);
    ended.resolve({ ok: false, message: 'the connection was closed' });
  });
  return {
    ended: ended.promise,
    write: (text) => void (socket.readyState === socket.OPEN && input.write(text)),
    resize(size) {
      if (socket.readyState === socket.OPEN) screen.resize(size);
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    [Symbol.dispose]: close,
  };
}

/** What client-node takes for a terminal: it has a size, and tells when that changes. */
class Screen extends Writable {
  rows = 24;
  columns = 80;
  readonly #onOutput: (chunk: Uint8Array) => void;

  constructor(onOutput: (chunk: Uint8Array) => void) {
    super();
    this.#onOutput = onOutput;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#onOutput(chunk);
    done();
  }

  resize({ rows, columns }: { readonly rows: number; readonly columns: number }): void {
    this.rows = rows;
    this.columns = columns;
    this.emit('resize');
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function endOf({ status, message = '' }: V1Status): ExecEnd {
  return { ok: status === 'Success', message };
}
