import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import {
  cachedFile,
  type Environment,
  isFile,
  type Progress,
  toolCacheFolder,
} from './tool-cache.ts';
import { MissingToolError } from './waiting.ts';

/** Programs that come with a system and not with a registry. */
export const SYSTEM_PROGRAMS = [
  'gpg',
  'sshd',
  'ssh-keygen',
  'git-lfs',
  'connect-proxy',
  'redis-server',
  'pip3',
  'chromium',
] as const;
export type SystemProgram = (typeof SYSTEM_PROGRAMS)[number];

/** The Debian package of each. */
const PACKAGES: Readonly<Record<SystemProgram, string>> = {
  gpg: 'gnupg',
  sshd: 'openssh-server',
  'ssh-keygen': 'openssh-client',
  'git-lfs': 'git-lfs',
  'connect-proxy': 'connect-proxy',
  'redis-server': 'redis-server',
  pip3: 'python3-pip',
  chromium: 'chromium',
};

/** Where servers are, which are not on everybody's PATH. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin'];

export interface SystemProgramOptions {
  readonly env: Environment;
  readonly log: Progress;
  readonly signal: AbortSignal;
}

/**
 * Absolute path of a program: the variable of its name in capitals (`SSH_KEYGEN`), `PATH`, the
 * usual folders; else, for root on a Debian system such as a CI container, its package is installed.
 *
 * Errors: `MissingToolError` with what to install.
 */
export async function resolveSystemProgram(
  name: SystemProgram,
  options: SystemProgramOptions,
): Promise<string> {
  const variable = name.toUpperCase().replaceAll('-', '_');
  const configured = options.env[variable];
  if (configured !== undefined && configured !== '') return configured;
  const found = (await find(name, options.env)) ?? (await install(name, options));
  if (found !== undefined) return found;
  throw new MissingToolError(
    `${name}: not found`,
    `Install it (Debian: apt-get install ${PACKAGES[name]}), or set ${variable} to its path.`,
  );
}

async function find(name: string, env: Environment): Promise<string | undefined> {
  for (const folder of [...(env['PATH'] ?? '').split(delimiter), ...MORE_FOLDERS]) {
    const path = join(folder, name);
    if (folder !== '' && (await isFile(path))) return path;
  }
  return undefined;
}

/** One process at a time: the lock of the cache keeps two tests from asking apt-get at once. */
async function install(
  name: SystemProgram,
  { env, log, signal }: SystemProgramOptions,
): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || (await find('apt-get', env)) === undefined) return undefined;
  const mark = join(toolCacheFolder(env), 'apt', name);
  const make = async () => {
    if ((await find(name, env)) !== undefined) return;
    log(`installing ${PACKAGES[name]} with apt-get`);
    await aptGet(['update'], signal);
    await aptGet(['install', '-y', '--no-install-recommends', PACKAGES[name]], signal);
  };
  // The file is never made: the package database is what remembers.
  await cachedFile({ path: mark, label: `installation of ${name}`, log, make }, signal).catch(
    (error: unknown) => {
      if (signal.aborted) throw error;
    },
  );
  return await find(name, env);
}

async function aptGet(args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn('apt-get', ['-q', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
    signal,
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`apt-get ${args[0]} ended with ${code}`);
}
