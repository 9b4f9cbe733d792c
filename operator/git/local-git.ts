import type { Clock } from '../ports/clock.ts';
import { type ProgramResult, runProgram } from '../runtime/run-program.ts';
import { type GitEnvironment, localEnvironment } from './git-session.ts';

export interface LocalRun {
  readonly stdin?: string | undefined;
  readonly config?: readonly (readonly [string, string])[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs git in the mirror, without the network. A non-zero exit is a result. Errors and cancellation: those of `runProgram`. */
export type LocalGit = (
  args: readonly string[],
  signal: AbortSignal,
  more?: LocalRun,
) => Promise<ProgramResult>;

export interface LocalGitOptions {
  readonly program: string;
  /** The folder of the mirror. */
  readonly dir: string;
  readonly git: GitEnvironment;
  readonly clock: Clock;
  readonly fetchTimeoutMs: number;
}

/** What git may answer with, here and from a server. */
export const MAX_LIST_BYTES: number = 256 * 1024 * 1024;

export function createLocalGit(options: LocalGitOptions): LocalGit {
  const { program, dir, git, clock, fetchTimeoutMs } = options;
  return async (args, signal, { stdin, config, env } = {}) =>
    await runProgram(
      {
        program,
        args,
        cwd: dir,
        env: { ...localEnvironment(git, config), ...env },
        ...(stdin !== undefined && { stdin }),
        timeoutMs: fetchTimeoutMs,
        ...(git.stopMs !== undefined && { killAfterMs: git.stopMs }),
        maxOutputBytes: MAX_LIST_BYTES,
        clock,
      },
      signal,
    );
}
