import { TiphysError } from '../core/errors.ts';
import { withoutCredentials } from '../core/revision/repository-url.ts';
import type { HydratedBranch } from '../ports/hydrated-branches.ts';

/** Words of git and of servers for a branch that is not any more what the commit was made on. */
const MOVED =
  /\[rejected\].*\((?:fetch first|non-fast-forward|stale info)\)|\[remote rejected\].*(?:cannot lock ref|failed to update ref|reference already exists|failed to lock)/i;
const DECLINED = /\[remote rejected\][^(]*\((.*)\)/i;
const MAX_CHARACTERS = 300;

/**
 * Why a server did not take a push that it understood, from git's words; `undefined` for other failures. A branch
 * that moved meanwhile is told by `isMoved`.
 */
export function declinedPush(
  { repoUrl, branch }: Pick<HydratedBranch, 'repoUrl' | 'branch'>,
  words: string,
): TiphysError | undefined {
  const repository = withoutCredentials(repoUrl);
  const fields = { repository, branch };
  if (MOVED.test(words))
    return new TiphysError('NotPossibleNow', `repository ${repository}: ${branch} moved`, {
      fields,
      retry: 'backoff',
    });
  const reason = DECLINED.exec(words)?.[1];
  if (reason === undefined) return undefined;
  const remote = words
    .split('\n')
    .flatMap((line) => /^remote:\s*(\S.*)$/.exec(line.trim())?.[1] ?? [])
    .join('; ')
    .replaceAll(/([a-z+]+:\/\/)[^/@\s']*@/gi, '$1');
  const why = [reason, remote].filter((part) => part !== '').join(': ');
  return new TiphysError(
    'GitAuthFailed',
    `repository ${repository}: push to ${branch}: the server declined: ${why.slice(0, MAX_CHARACTERS)}`,
    { fields },
  );
}

export function isMoved(error: unknown): boolean {
  return error instanceof TiphysError && error.code === 'NotPossibleNow';
}
