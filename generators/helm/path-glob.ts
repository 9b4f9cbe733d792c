import { compileGlob } from '../../operator/core/glob.ts';
import type { SourceTree, TreeEntry } from '../../operator/ports/source-tree.ts';

/** True when a path holds characters that make it a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * Files that a pattern from the root of the tree names: `*`, `?` and `[…]` within one name, `**` for any
 * number of folders. In byte order, the files of a folder before those of the folders in it.
 * Errors: `UnsafePath` when a match leads outside.
 */
export async function expandPattern(
  tree: SourceTree,
  pattern: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  await walk(tree, '', pattern.split('/'), found, signal);
  return [...new Set(found)];
}

async function walk(
  tree: SourceTree,
  folder: string,
  [name, ...rest]: readonly string[],
  found: string[],
  signal: AbortSignal,
): Promise<void> {
  if (name === undefined) return;
  if (name !== '**' && !isPattern(name) && rest.length > 0) {
    return await walk(tree, join(folder, name), rest, found, signal);
  }
  const entries = await entriesOf(tree, folder, signal);
  if (name === '**') {
    await walk(tree, folder, rest.length === 0 ? ['*'] : rest, found, signal);
    for (const entry of entries) {
      if (entry.type === 'directory') await walk(tree, entry.path, ['**', ...rest], found, signal);
    }
    return;
  }
  const matches = compileGlob(name, { caretNegates: true });
  for (const entry of entries) {
    if (!matches(entry.path.slice(entry.path.lastIndexOf('/') + 1))) continue;
    const target = entry.type === 'symlink' ? await tree.resolve(entry.path, signal) : entry;
    if (rest.length > 0) {
      if (target?.type === 'directory') await walk(tree, entry.path, rest, found, signal);
    } else if (target?.type === 'file') found.push(entry.path);
  }
}

async function entriesOf(
  tree: SourceTree,
  folder: string,
  signal: AbortSignal,
): Promise<readonly TreeEntry[]> {
  const entry = await tree.resolve(folder, signal);
  return entry?.type === 'directory' ? await tree.list(folder, { recurse: false }, signal) : [];
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
