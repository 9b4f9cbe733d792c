/** A folder that may be written to, or why not. */
export type Place =
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'refused'; readonly message: string };

const MAX_PATH_CHARACTERS = 1_024;

/**
 * The folder of `spec.sourceHydrator.syncSource.path`, from the root of the repository, without slashes at its ends.
 * Everything in it is replaced, so the root is refused, and so is what leads out of the repository or into `.git`.
 */
export function hydratedFolder(written: string): Place {
  const names = written.split('/').filter((name) => name !== '' && name !== '.');
  const refused = (why: string): Place => ({
    type: 'refused',
    message: `spec.sourceHydrator.syncSource.path "${shown(written)}" ${why}`,
  });
  if (names.length === 0)
    return refused('is the root of the repository, all of which would be replaced; name a folder');
  if (names.includes('..')) return refused('leads out of the repository');
  if (written.length > MAX_PATH_CHARACTERS)
    return refused(`is longer than ${MAX_PATH_CHARACTERS} characters`);
  if (names.some((name) => /^\.git[. ]*$/i.test(name) || /^git~\d+$/i.test(name)))
    return refused('has a name that Git keeps for itself');
  if (UNPRINTABLE.test(written) || written.includes('\\'))
    return refused('has characters that no path should have');
  return { type: 'folder', path: names.join('/') };
}

// oxlint-disable-next-line eslint/no-control-regex -- they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f]|\p{Cf}/u;

/** Why a name cannot be that of a branch; `undefined` when it can. Stricter than Git where that is safer. */
export function branchProblem(branch: string): string | undefined {
  const isName =
    branch.length <= 255 &&
    /^[\p{L}\p{N}._/+@#=-]+$/u.test(branch) &&
    !/(^|\/)[.-]|\.\.|\/\/|@\{|\.lock(\/|$)|[./]$|^\/|^@$/.test(branch);
  return isName ? undefined : `"${shown(branch)}" is no name of a branch`;
}

/** Whether one folder is the other, or lies in it. */
export function overlaps(left: string, right: string): boolean {
  return left === right || left.startsWith(`${right}/`) || right.startsWith(`${left}/`);
}

/** Short, on one line. */
function shown(written: string): string {
  // oxlint-disable-next-line eslint/no-control-regex -- they would break the line
  return written.slice(0, 100).replaceAll(/[\u0000-\u001f\u007f]/g, '?');
}
