import { hasCode, TiphysError } from '../core/errors.ts';
import type { RepositoryAccess } from '../core/repository/access.ts';
import { transportOf, withoutCredentials } from '../core/revision/repository-url.ts';
import type { Clock } from '../ports/clock.ts';
import type { Limiter } from '../runtime/limiter.ts';
import { runProgram } from '../runtime/run-program.ts';
import { gitFailure } from './git-error.ts';
import { type GitEnvironment, openGitSession } from './git-session.ts';
import { MAX_LIST_BYTES } from './local-git.ts';
import type { SignIn } from './sign-in/sign-in.ts';

export interface RemoteCommand {
  /** For errors, e.g. `fetch`. */
  readonly doing: string;
  readonly args: (url: string) => readonly string[];
  readonly timeoutMs: number;
  readonly stdin?: Buffer;
  /** What git's words of a failure mean here; `undefined`: what they mean everywhere. */
  readonly explain?: (words: string) => TiphysError | undefined;
  /** Further variables. */
  readonly env?: (url: string) => Readonly<Record<string, string>>;
}

/**
 * Runs git with the credentials of the repository; returns its output. Errors: `GitUnreachable`, `GitAuthFailed`, those
 * of `explain`. Cancellation: ends git, and rejects with `signal.reason`.
 */
export type RemoteGit = (command: RemoteCommand, signal: AbortSignal) => Promise<Buffer>;

export interface RemoteGitOptions {
  readonly program: string;
  /** The folder of the mirror, where git works once it `isMade`. */
  readonly dir: string;
  readonly isMade: () => boolean;
  readonly repoUrl: string;
  readonly git: GitEnvironment;
  /** Asked before every command. */
  readonly access: () => RepositoryAccess;
  readonly signIn: SignIn;
  readonly clock: Clock;
  readonly network: Limiter;
}

export function createRemoteGit(options: RemoteGitOptions): RemoteGit {
  const { repoUrl, clock } = options;
  const shown = withoutCredentials(repoUrl);
  return async (command, signal) => {
    checkTransport(repoUrl, options.git.allowLocal);
    return await options.network.run(signal, async () => {
      const access = options.access();
      const credential = await options.signIn.credentialFor(repoUrl, access, signal);
      await using session = await openGitSession(options.git, repoUrl, access, credential);
      const run = {
        program: options.program,
        args: command.args(session.url),
        cwd: options.isMade() ? options.dir : options.git.home,
        env: { ...session.env, ...command.env?.(session.url) },
        ...(command.stdin !== undefined && { stdin: command.stdin }),
        timeoutMs: command.timeoutMs,
        ...(options.git.stopMs !== undefined && { killAfterMs: options.git.stopMs }),
        maxOutputBytes: MAX_LIST_BYTES,
        clock,
      };
      const { doing } = command;
      const result = await runProgram(run, signal).catch((error: unknown) => {
        throw named(error, shown, doing);
      });
      if (result.exitCode !== 0) {
        const words = session.masked(result.stderr);
        const known = command.explain?.(words);
        if (known !== undefined) throw known;
        const failure = gitFailure(repoUrl, doing, words, credential.type !== 'none');
        if (hasCode(failure, 'GitAuthFailed')) options.signIn.forget(repoUrl, access);
        throw failure;
      }
      return result.stdout;
    });
  };
}

function checkTransport(repoUrl: string, allowLocal: boolean): void {
  const transport = transportOf(repoUrl);
  if (transport !== undefined && (transport !== 'file' || allowLocal)) return;
  throw new TiphysError(
    'GitUnreachable',
    `repository ${withoutCredentials(repoUrl)}: this kind of address is not allowed`,
    { retry: 'never', hint: 'Use an https, http, ssh or git URL.' },
  );
}

/** What ended git before it could say anything, with the repository that it is about. */
function named(error: unknown, repository: string, doing: string): unknown {
  if (!hasCode(error, 'Timeout') && !hasCode(error, 'RenderFailed')) return error;
  return new TiphysError('GitUnreachable', `repository ${repository}: ${doing}: ${error.message}`, {
    cause: error,
    ...(error.code === 'RenderFailed' && { hint: error.hint }),
    fields: { repository },
  });
}
