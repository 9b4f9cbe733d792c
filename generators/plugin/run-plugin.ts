import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';
import type { Clock } from '../../operator/ports/clock.ts';
import { runProgram } from '../../operator/runtime/run-program.ts';
import type { Environment } from './environment.ts';
import { findMatch, type Found } from './find-match.ts';
import { toManifests } from './manifests.ts';
import {
  mergeAnnouncements,
  type ParameterAnnouncement,
  parseAnnouncements,
  type PluginCommand,
  type PluginConfig,
} from './plugin-config.ts';
import type { KubeObject } from '../../operator/core/objects/kube-object.ts';

/** One use of a plugin, on a copy of the files that is its own. */
export interface PluginRun {
  readonly config: PluginConfig;
  /** The copy on disk. */
  readonly root: string;
  /** Folder of the application in it. */
  readonly path: string;
  /** All variables of its commands. */
  readonly env: Environment;
  /** When everything must have ended, on the monotonic clock. */
  readonly untilMs: number;
  readonly maxOutputBytes: number;
  /** Of a command with all that it starts. Default: no bound. */
  readonly maxMemoryBytes?: number;
  readonly clock: Clock;
  /** What a command wrote to its standard error, if anything: may hold secrets. */
  readonly onStderr: (command: CommandName, stderr: string, exitCode: number) => void;
}

export type CommandName = 'init' | 'generate' | 'discover.find' | 'parameters.dynamic';

/** How long commands have between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 5_000;
const SHOWN_LINES = 20;

/** What is left of the caller's time when commands must have ended. */
const ANSWER_MS = 100;

/** How long commands may take, for a caller that waits until `deadlineMs`; infinite when it does not say. */
export function timeLeft(deadlineMs: number, nowMs: number, maxMs: number): number {
  return Math.max(1, Math.min(maxMs, deadlineMs - nowMs - ANSWER_MS));
}

/**
 * Runs init, then generate. Errors: `RenderFailed` when one does not end well, without what it said;
 * `InvalidManifest` when generate prints something else than objects; `PathNotFound`, `UnsafePath`,
 * `ToolMissing`, `Timeout`, `LimitExceeded`. Cancellation: every process ends first.
 */
export async function generateManifests(
  run: PluginRun,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const { init, generate } = run.config;
  const cwd = await applicationFolder(run);
  if (init !== undefined) await succeed(run, 'init', init, cwd, signal);
  const output = await succeed(run, 'generate', generate, cwd, signal);
  return toManifests(output.toString('utf8'), 'output of generate');
}

/** Whether the discovery rule recognises the folder; a plugin without one is for whoever names it. */
export async function matchesSource(run: PluginRun, signal: AbortSignal): Promise<boolean> {
  const { discovery } = run.config;
  const cwd = await applicationFolder(run);
  switch (discovery.type) {
    case 'none':
      return true;
    case 'file':
    case 'glob':
      return await findMatch(discovery.pattern, { deep: discovery.type === 'glob' }, (path) =>
        listFolder(join(cwd, path)),
      );
    case 'command': {
      const result = await start(run, 'discover.find', discovery.run, cwd, signal);
      return result.exitCode === 0 && result.stdout.length > 0;
    }
  }
}

/** Dynamic and static announcements. Errors: as `generateManifests`. */
export async function announceParameters(
  run: PluginRun,
  signal: AbortSignal,
): Promise<readonly ParameterAnnouncement[]> {
  const { static: fixed, dynamic } = run.config.parameters;
  if (dynamic === undefined) return fixed;
  const cwd = await applicationFolder(run);
  const output = await succeed(run, 'parameters.dynamic', dynamic, cwd, signal);
  return mergeAnnouncements(parseAnnouncements(output.toString('utf8')), fixed);
}

/** The folder of the application, which no link may have moved out of the copy. */
async function applicationFolder({ root, path }: PluginRun): Promise<string> {
  const shown = path === '' ? '.' : path;
  const real = await realpath(join(root, path)).catch(() => undefined);
  const within = await realpath(root);
  if (real === undefined) {
    throw new TiphysError('PathNotFound', `${shown}: app path does not exist`, {
      hint: 'Commit the folder, or correct what is left out of the archive.',
    });
  }
  if (real !== within && !real.startsWith(within + sep)) {
    throw new TiphysError('UnsafePath', `${shown}: app path outside root`);
  }
  if (!(await lstat(real)).isDirectory()) {
    throw new TiphysError('PathNotFound', `${shown}: app path is not a directory`);
  }
  return real;
}

async function listFolder(folder: string): Promise<readonly Found[] | undefined> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({
      name: entry.name,
      type: entry.isDirectory()
        ? 'directory'
        : entry.isSymbolicLink()
          ? 'symlink'
          : entry.isFile()
            ? 'file'
            : 'other',
    }));
  } catch {
    return undefined; // no folder there, or not any more: nothing matches in it
  }
}

async function succeed(
  run: PluginRun,
  name: CommandName,
  command: PluginCommand,
  cwd: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const { exitCode, stdout, stderr } = await start(run, name, command, cwd, signal);
  if (exitCode === 0) return stdout;
  const words = run.config.showStderr ? `: ${lastLines(stderr)}` : '';
  throw new TiphysError('RenderFailed', `${name}: exited with code ${exitCode}${words}`, {
    hint: 'What it said is in the log of the plugin; see docs/plugins.md to have it shown.',
    retry: 'backoff', // it may depend on more than the files
    fields: { command: name, exitCode },
  });
}

async function start(
  run: PluginRun,
  name: CommandName,
  { command: [program, ...args] }: PluginCommand,
  cwd: string,
  signal: AbortSignal,
) {
  try {
    const result = await runProgram(
      {
        program,
        args,
        cwd,
        env: run.env,
        timeoutMs: Math.max(1, run.untilMs - run.clock.monotonic()),
        killAfterMs: KILL_AFTER_MS,
        maxOutputBytes: run.maxOutputBytes,
        ...(run.maxMemoryBytes !== undefined && { maxMemoryBytes: run.maxMemoryBytes }),
        clock: run.clock,
      },
      signal,
    );
    if (result.stderr !== '') run.onStderr(name, result.stderr, result.exitCode);
    return result;
  } catch (error) {
    if (signal.aborted || !(error instanceof TiphysError)) throw error;
    const message = error.code === 'Timeout' ? 'not finished in time' : error.message;
    throw new TiphysError(error.code, `${name}: ${message}`, { cause: error, retry: error.retry });
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-SHOWN_LINES).join('\n');
}
