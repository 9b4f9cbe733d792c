import { compileGlob } from '../../operator/core/glob.ts';

/** What stands in a folder. */
export interface Found {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
}

/**
 * What is in a folder, by its path from the folder of the application; `undefined` when there is no
 * such folder.
 */
export type ListFolder = (path: string) => Promise<readonly Found[] | undefined>;

/**
 * Whether anything in the application's folder matches a glob: `*`, `?` and `[…]` within one name; with
 * `deep` also `**` for any number of folders. Links are followed where the pattern names them, not by
 * `**`. A pattern that leads upwards matches nothing.
 */
export async function findMatch(
  pattern: string,
  options: { readonly deep: boolean },
  list: ListFolder,
): Promise<boolean> {
  if (pattern.startsWith('/')) return false;
  const names = pattern.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length === 0 || names.includes('..')) return false;
  return await walk('', names, options.deep, list);
}

async function walk(
  folder: string,
  [name = '', ...rest]: readonly string[],
  deep: boolean,
  list: ListFolder,
): Promise<boolean> {
  const entries = await list(folder);
  if (entries === undefined) return false;
  if (deep && name === '**') {
    if (rest.length === 0) return entries.length > 0;
    if (await walk(folder, rest, deep, list)) return true;
    for (const entry of entries) {
      if (entry.type !== 'directory') continue;
      if (await walk(join(folder, entry.name), [name, ...rest], deep, list)) return true;
    }
    return false;
  }
  const matches = compileGlob(name, { caretNegates: true });
  for (const entry of entries) {
    if (!matches(entry.name)) continue;
    if (rest.length === 0) return true;
    const leadsOn = entry.type === 'directory' || entry.type === 'symlink';
    if (leadsOn && (await walk(join(folder, entry.name), rest, deep, list))) return true;
  }
  return false;
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
