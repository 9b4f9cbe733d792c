import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../operator/ports/clock.ts';
import type { TextCache } from '../../operator/ports/text-cache.ts';
import type { Limiter } from '../../operator/runtime/limiter.ts';
import { type ProgramResult, runProgram } from '../../operator/runtime/run-program.ts';
import { locateProgram, type ProgramPlaces, SYSTEM_PATH } from './locate-program.ts';

/** How a generator runs the programs it stands on. */
export interface ToolOptions extends ProgramPlaces {
  /** Extra variables, such as proxies. Never credentials of a cluster. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder for temporary files, ours alone; made when absent. */
  readonly workDir: string;
  readonly clock: Clock;
  /** Bounds how many programs run at once; give one limiter to all generators. */
  readonly limiter: Limiter;
  /** Longest time for one render. Default 90 s. */
  readonly timeoutMs?: number;
  /** How long a program may take to end when it is told to, before it is killed. Default 2 s. */
  readonly stopMs?: number;
  /** Default 100 MB. */
  readonly maxOutputBytes?: number;
  /** Keeps the versions of programs over restarts. Default: they are asked anew. */
  readonly remembered?: TextCache;
  /** Soft bound of a program's memory (GOMEMLIMIT). Default 512 MiB. */
  readonly memoryBytes?: number;
  /**
   * Hard bound of the memory of a program and what it starts, where there is `/proc`. Default 1 GiB. The
   * kernel keeps each process below five quarters of it, where there is `prlimit`.
   */
  readonly maxMemoryBytes?: number;
}

/** A private, empty place for one run; disposing removes it and everything in it. */
export interface RunFolder extends AsyncDisposable {
  readonly dir: string;
}

export const DEFAULT_MAX_OUTPUT_BYTES = 100_000_000;
export const DEFAULT_MAX_MEMORY_BYTES: number = 2 ** 30;

export async function openRunFolder(options: ToolOptions): Promise<RunFolder> {
  await mkdir(options.workDir, { recursive: true, mode: 0o700 });
  const dir = await mkdtemp(join(options.workDir, 'run-'));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

/**
 * Runs a program with a home of its own: it finds no configuration, no plugin, no credentials and no
 * cluster. Errors and cancellation: see `locateProgram` and `runProgram`; the time limit counts from
 * the real start.
 */
export function runTool(
  options: ToolOptions,
  run: {
    readonly program: string;
    readonly args: readonly string[];
    readonly cwd: string;
    readonly home: string;
    /** Written to its standard input. */
    readonly stdin?: string;
  },
  signal: AbortSignal,
): Promise<ProgramResult> {
  const maxMemoryBytes = options.maxMemoryBytes ?? DEFAULT_MAX_MEMORY_BYTES;
  return options.limiter.run(signal, async () =>
    runProgram(
      {
        program: await locateProgram(run.program, options),
        args: run.args,
        cwd: run.cwd,
        // Why a program of Go ended stands before all that it was doing.
        env: { ...privateEnvironment(options, run.home), GOTRACEBACK: 'none' },
        ...(run.stdin === undefined ? {} : { stdin: run.stdin }),
        timeoutMs: options.timeoutMs ?? 90_000,
        ...(options.stopMs !== undefined && { killAfterMs: options.stopMs }),
        maxOutputBytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
        maxMemoryBytes,
        // What is mapped is more than what is in use; this one is for who takes it faster than we look.
        maxDataBytes: Math.ceil(maxMemoryBytes * 1.25),
        clock: options.clock,
      },
      signal,
    ),
  );
}

/** What a program gets to know: nothing of ours but where programs are. */
export function privateEnvironment(options: ToolOptions, home: string): Record<string, string> {
  return {
    ...options.env,
    PATH: options.path ?? SYSTEM_PATH,
    HOME: home,
    TMPDIR: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    HELM_PLUGINS: join(home, 'plugins'),
    KUBECONFIG: join(home, 'kubeconfig'),
    GOMEMLIMIT: String(options.memoryBytes ?? 512 * 1024 * 1024),
  };
}

/** A command line for people: quoted where a shell would need it, paths of this machine replaced. */
export function describeCommand(
  program: string,
  args: readonly string[],
  replacements: ReadonlyMap<string, string>,
): string {
  const words = [program.slice(program.lastIndexOf('/') + 1), ...args];
  return words.map((word) => quote(withoutPaths(word, replacements))).join(' ');
}

/** Text with paths of this machine replaced, longest first. */
export function withoutPaths(text: string, replacements: ReadonlyMap<string, string>): string {
  const paths = [...replacements.keys()].sort((left, right) => right.length - left.length);
  return paths.reduce(
    (result, path) => result.replaceAll(path, replacements.get(path) ?? ''),
    text,
  );
}

const MAX_CHARACTERS = 4_000;

/** What a program said last, short enough for a status. */
export function lastWords(text: string, lines: number): string {
  const words = text.trim().split('\n').slice(-lines).join('\n');
  return words.length <= MAX_CHARACTERS ? words : `…${words.slice(-MAX_CHARACTERS)}`;
}

function quote(word: string): string {
  if (/^[\w@%+=:,./<>$-]+$/.test(word) || /^<[^<>]*>$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
