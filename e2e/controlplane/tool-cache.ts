import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { monotonicMs, sleep } from './waiting.ts';

/** Writes one line of progress for a person; long steps call it at least every 15 s. */
export type Progress = (line: string) => void;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where built and downloaded programs are kept between runs: `TIPHYS_CACHE`, else `tiphys` in
 * `XDG_CACHE_HOME` or `~/.cache`.
 */
export function toolCacheFolder(env: Environment): string {
  const caches = env['XDG_CACHE_HOME'] || join(env['HOME'] ?? homedir(), '.cache');
  return env['TIPHYS_CACHE'] || join(caches, 'tiphys');
}

/** Progress for command lines and test runs: the standard error, so that results stay clean. */
export const progressToStderr: Progress = (line) => void process.stderr.write(`${line}\n`);

export interface CachedFile {
  /** Absolute path of the finished file. Its name holds a hash of everything it is made from. */
  readonly path: string;
  /** What people read while they wait, such as `control plane`. */
  readonly label: string;
  /** Makes the file at `target`, a path beside the final one. */
  readonly make: (target: string, signal: AbortSignal) => Promise<void>;
  readonly log: Progress;
}

/**
 * Returns the path of a file, made at most once on this machine: a lock keeps other processes from
 * making it at the same time, and a rename makes it appear whole or not at all.
 *
 * Cancellation: the making stops, and nothing half-made stays.
 */
export async function cachedFile(file: CachedFile, signal: AbortSignal): Promise<string> {
  if (await isFile(file.path)) return file.path;
  await mkdir(dirname(file.path), { recursive: true });
  await using _ = await acquireLock(`${file.path}.lock`, file.label, file.log, signal);
  if (await isFile(file.path)) return file.path;
  const unfinished = `${file.path}.${randomUUID().slice(0, 8)}.unfinished`;
  try {
    await file.make(unfinished, signal);
    await rename(unfinished, file.path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return file.path;
}

export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** A file that names the process which holds it; the lock of a dead process is taken over. */
async function acquireLock(
  path: string,
  label: string,
  log: Progress,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  for (let waits = 0; ; waits++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    // An empty file is a lock between its creation and its first write: give that a second.
    if (holder === '' ? waits > 4 : !isAlive(Number(holder))) {
      await rm(path, { force: true });
      continue;
    }
    if (waits % 60 === 0) log(`${label}: process ${holder} is making it, waiting`);
    await sleep(250, signal);
  }
}

async function readHolder(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** True while the process exists, also when it belongs to somebody else. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export interface LongProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Environment;
  /** Given: a line with the elapsed time appears every 15 s. */
  readonly label?: string;
  readonly log: Progress;
}

/** Runs a program of the developer's machine to its end and returns what it printed. Rejects when it fails, with its last lines. */
export async function runTool(run: LongProgram, signal: AbortSignal): Promise<string> {
  const startedMs = monotonicMs();
  const elapsed = () => `${Math.round((monotonicMs() - startedMs) / 1000)} s`;
  const timer = setInterval(() => {
    if (run.label !== undefined) run.log(`${run.label}: ${elapsed()}`);
  }, 15_000);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(run.program, run.args, {
        cwd: run.cwd,
        env: run.env === undefined ? process.env : { ...process.env, ...run.env },
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => {
        stderr = (stderr + chunk.toString()).slice(-4_000);
      });
      child.on('error', (error) => reject(signal.aborted ? signal.reason : error));
      child.on('close', (code) => {
        if (code === 0) return resolve(stdout);
        const command = [run.program, ...run.args].join(' ');
        reject(new Error(`${command}: ended with ${code ?? 'a signal'}\n${stderr.trim()}`));
      });
    });
  } finally {
    clearInterval(timer);
  }
}
