import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateAndKey } from './certificates.ts';
import { freePort } from './free-port.ts';
import { resolveSystemProgram } from './system-programs.ts';
import { progressToStderr as log } from './tool-cache.ts';
import { sleep } from './waiting.ts';

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly password: string;
  /** Ends it as a power cut does; what it held is gone. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Stops it from answering, without closing its connections. */
  freeze(): void;
  thaw(): void;
}

/** Speaks TLS alone. With `clientCa`, whoever has no certificate of it is refused. PEM texts. */
export type RedisTls = CertificateAndKey & {
  readonly clientCa?: string;
  /** What a node shows to the other nodes of its cluster. */
  readonly peer?: CertificateAndKey;
};

export interface RedisServerOptions {
  readonly signal: AbortSignal;
  /** Wants no password. */
  readonly open?: boolean;
  readonly tls?: RedisTls;
  /** Copies the server on this port of 127.0.0.1, which has the same password. */
  readonly replicaOf?: number;
  /**
   * Is a node of a cluster, which knows no other and holds nothing yet. What it learns it finds again when it
   * is started anew. With TLS it calls itself `localhost`.
   */
  readonly node?: { readonly busPort: number };
}

const PASSWORD = 'redis-password';

/**
 * A real `redis-server` on 127.0.0.1 that keeps nothing on disk, and wants a password unless it is open.
 *
 * Errors: `MissingToolError` without Redis. Lifetime: disposing ends it.
 */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const { open = false, replicaOf, node } = options;
  const replication = replicaOf === undefined ? [] : [`replicaof 127.0.0.1 ${replicaOf}`];
  const secrets = open ? [] : [`requirepass ${PASSWORD}`, `masterauth ${PASSWORD}`];
  const cluster = node === undefined ? [] : nodeSettings(node, options);
  const all = ['save ""', 'appendonly no', ...secrets, ...replication, ...cluster];
  return await run(options, [], () => all);
}

function nodeSettings(
  { busPort }: { readonly busPort: number },
  { tls }: Pick<RedisServerOptions, 'tls'>,
): readonly string[] {
  return [
    'cluster-enabled yes',
    'cluster-config-file nodes.conf',
    'cluster-node-timeout 1000',
    `cluster-port ${busPort}`,
    'repl-diskless-sync-delay 0',
    ...(tls === undefined
      ? []
      : [
          'tls-cluster yes',
          'cluster-announce-hostname localhost',
          'cluster-preferred-endpoint-type hostname',
        ]),
  ];
}

/** A Sentinel that watches one server, and puts its replica in its place soon after it is gone. */
export async function startRedisSentinel(
  options: Omit<RedisServerOptions, 'replicaOf'> & {
    readonly master: { readonly name: string; readonly port: number };
  },
): Promise<RedisServer> {
  const { name, port } = options.master;
  const { open = false } = options;
  return await run(options, ['--sentinel'], () => [
    `sentinel monitor ${name} 127.0.0.1 ${port} 1`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 2000`,
    ...(open ? [] : [`requirepass ${PASSWORD}`, `sentinel auth-pass ${name} ${PASSWORD}`]),
  ]);
}

async function run(
  { signal, tls }: RedisServerOptions,
  flags: readonly string[],
  settings: () => readonly string[],
): Promise<RedisServer> {
  const program = await resolveSystemProgram('redis-server', { env: process.env, log, signal });
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-redis-'));
  const port = await freePort();
  const file = join(dir, 'redis.conf');
  const listening = tls === undefined ? [`port ${port}`] : await tlsSettings(dir, port, tls);
  const config = ['bind 127.0.0.1', ...listening, `dir ${dir}`, ...settings()];
  await writeFile(file, `${config.join('\n')}\n`, { mode: 0o600 });
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(program, [file, ...flags], { stdio: 'ignore' });
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      await sleep(20, signal);
    }
  }

  async function stop(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    port,
    password: PASSWORD,
    start,
    stop,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function tlsSettings(dir: string, port: number, tls: RedisTls): Promise<readonly string[]> {
  const { peer } = tls;
  const ca = peer === undefined ? '' : tls.certificate;
  const texts = {
    ...{ cert: tls.certificate, key: tls.key, ca: ca + (tls.clientCa ?? tls.certificate) },
    ...(peer !== undefined && { 'peer-cert': peer.certificate, 'peer-key': peer.key }),
  };
  for (const [name, text] of Object.entries(texts))
    await writeFile(join(dir, `${name}.pem`), text, { mode: 0o600 });
  return [
    'port 0',
    `tls-port ${port}`,
    `tls-cert-file ${join(dir, 'cert.pem')}`,
    `tls-key-file ${join(dir, 'key.pem')}`,
    `tls-ca-cert-file ${join(dir, 'ca.pem')}`,
    `tls-auth-clients ${tls.clientCa === undefined ? 'no' : 'yes'}`,
    'tls-replication yes',
    ...(peer === undefined
      ? []
      : [
          `tls-client-cert-file ${join(dir, 'peer-cert.pem')}`,
          `tls-client-key-file ${join(dir, 'peer-key.pem')}`,
        ]),
  ];
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
