import { TiphysError } from '../core/errors.ts';
import type { TreeEntry } from '../ports/source-tree.ts';
import type { TreeLine } from './tree-object.ts';

/** What a source tree stands on: folders and file contents, links as they are. */
export interface TreeReader {
  readonly revision: string;
  readonly root: TreeEntry;
  /** Entries of a folder in byte order of their names. */
  children(
    directory: TreeEntry,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Omit<TreeLine, 'name'>>>;
  /**
   * Bytes of a file, or the target of a link. If it has to be fetched, so are those that are read `beside` it.
   * Errors: `LimitExceeded`.
   */
  content(
    entry: TreeEntry,
    maxBytes: number,
    signal: AbortSignal,
    beside?: readonly TreeEntry[],
  ): Promise<Buffer>;
}

const MAX_LINKS = 40;
const MAX_LINK_BYTES = 4_096;

/**
 * Walks a path name by name, following the links on the way, and the last one if asked. Every
 * single step stays inside the tree, even where the end would be inside again.
 * Errors: `UnsafePath` for a step outside, an absolute link or a circle of links.
 */
export async function followPath(
  reader: TreeReader,
  path: string,
  followLast: boolean,
  signal: AbortSignal,
): Promise<TreeEntry | undefined> {
  if (path.startsWith('/')) throw unsafe(path, 'the path is absolute');
  const ahead = splitPath(path).reverse();
  const way: TreeEntry[] = [reader.root];
  let links = 0;
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    const here = way.at(-1) ?? reader.root;
    if (name === '..') {
      if (way.length === 1) throw unsafe(path, 'leads outside the repository');
      way.pop();
      continue;
    }
    if (here.type !== 'directory') return undefined;
    const line = (await reader.children(here, signal)).get(name);
    if (line === undefined) return undefined;
    const entry = { ...line, path: joinPath(here.path, name) };
    if (entry.type === 'symlink' && (followLast || ahead.length > 0)) {
      links += 1;
      if (links > MAX_LINKS) throw unsafe(path, 'too many links, perhaps a circle');
      const target = (await reader.content(entry, MAX_LINK_BYTES, signal)).toString('utf8');
      if (target.startsWith('/')) throw unsafe(path, `${entry.path} is an absolute link`);
      ahead.push(...splitPath(target).reverse());
    } else {
      way.push(entry);
    }
  }
  return way.at(-1);
}

export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

function splitPath(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function unsafe(path: string, reason: string): TiphysError {
  return new TiphysError('UnsafePath', `${path}: ${reason}`, { fields: { path } });
}
