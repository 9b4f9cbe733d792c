import { TiphysError } from '../core/errors.ts';
import type { CommitInfo } from '../ports/source-repositories.ts';
import type { Mirror } from './mirror.ts';

const FORMAT = '--format=%an <%ae>%x00%at%x00%B';
const MAX_MESSAGE_CHARACTERS = 65_536;

/** What a commit says of itself. Errors: as `Mirror.tree`. */
export async function readCommit(
  mirror: Mirror,
  commit: string,
  signal: AbortSignal,
): Promise<Omit<CommitInfo, 'tags'>> {
  await mirror.tree(commit, signal);
  const args = ['log', '--max-count=1', '--no-show-signature', FORMAT, commit, '--'];
  const { exitCode, stdout } = await mirror.local(args, signal);
  const [author, seconds, message] = stdout.toString('utf8').split('\0');
  if (exitCode !== 0 || author === undefined || seconds === undefined || message === undefined)
    throw new TiphysError('GitUnreachable', `git log ${commit}: cannot be read`);
  return {
    author,
    date: dateOf(Number(seconds)),
    message: message.trim().slice(0, MAX_MESSAGE_CHARACTERS),
  };
}

/** Whoever commits can write any number as the time. */
function dateOf(seconds: number): string {
  const date = new Date(seconds * 1_000);
  const isDate = !Number.isNaN(date.getTime()) && date.getUTCFullYear() <= 9_999;
  return (isDate ? date : new Date(0)).toISOString().replace(/\.\d+Z$/, 'Z');
}
