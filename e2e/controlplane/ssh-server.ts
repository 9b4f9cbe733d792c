import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { resolveSystemProgram } from './system-programs.ts';
import { progressToStderr as log } from './tool-cache.ts';
import { sleep } from './waiting.ts';

export interface SshServer extends AsyncDisposable {
  readonly port: number;
  /** A private key that it lets in. */
  readonly privateKey: string;
  /** A private key that it does not know. */
  readonly otherKey: string;
  /** Its line for `known_hosts`. */
  readonly knownHosts: string;
  /** A line for the same host with another key, as after somebody took its place. */
  readonly wrongKnownHosts: string;
  /** `ssh://USER@127.0.0.1:PORT/FOLDER`. */
  urlOf(folder: string): string;
}

/**
 * A real `sshd` on 127.0.0.1 that lets in whoever runs the tests, with a key made for this one run.
 *
 * Errors: `MissingToolError` without OpenSSH. Lifetime: disposing ends it.
 */
export async function startSshServer({ signal }: { signal: AbortSignal }): Promise<SshServer> {
  const options = { env: process.env, log, signal };
  const sshd = await resolveSystemProgram('sshd', options);
  const keygen = await resolveSystemProgram('ssh-keygen', options);
  const root = await mkdtemp(join(tmpdir(), 'tiphys-sshd-'));
  for (const name of ['host', 'user', 'other'])
    await run(keygen, ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(root, name)]);
  const text = (name: string) => readFile(join(root, name), 'utf8');
  await writeFile(join(root, 'authorized_keys'), await text('user.pub'), { mode: 0o600 });
  // Debian makes this folder when the service starts, which it may never have.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const { port, child } = await startOnFreePort(sshd, root, signal);
  const address = `[127.0.0.1]:${port}`;
  const knownHosts = `${address} ${await text('host.pub')}`;
  const wrongKnownHosts = `${address} ${await text('other.pub')}`;
  return {
    port,
    privateKey: await text('user'),
    otherKey: await text('other'),
    knownHosts,
    wrongKnownHosts,
    urlOf: (folder) => `ssh://${userInfo().username}@127.0.0.1:${port}${folder}`,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function startOnFreePort(
  sshd: string,
  root: string,
  signal: AbortSignal,
): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  const port = await freePort();
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${join(root, 'host')}`,
    `AuthorizedKeysFile ${join(root, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'LogLevel ERROR',
  ];
  await writeFile(join(root, 'sshd_config'), `${config.join('\n')}\n`);
  const child = spawn(sshd, ['-D', '-e', '-f', join(root, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}`);
    await sleep(20, signal);
  }
  return { port, child };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}
