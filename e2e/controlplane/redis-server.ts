import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/**
 * A real `redis-server` on 127.0.0.1 that keeps nothing on disk, and wants a password unless it is open.
 *
 * Errors: `MissingToolError` without Redis. Lifetime: disposing ends it.
 */
export async function startRedisServer({
  signal,
  open = false,
}: {
  readonly signal: AbortSignal;
  readonly open?: boolean;
}): Promise<RedisServer> {
  const program = await resolveSystemProgram('redis-server', { env: process.env, log, signal });
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-redis-'));
  const port = await freePort();
  const password = 'redis-password';
  const config = [
    'bind 127.0.0.1',
    `port ${port}`,
    ...(open ? [] : [`requirepass ${password}`]),
    'save ""',
    'appendonly no',
    `dir ${dir}`,
  ];
  await writeFile(join(dir, 'redis.conf'), `${config.join('\n')}\n`, { mode: 0o600 });
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(program, [join(dir, 'redis.conf')], { stdio: 'ignore' });
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
    password,
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
