import { TiphysError } from '../core/errors.ts';
import type { SourceTree, TreeEntry } from '../ports/source-tree.ts';
import { followPath, joinPath, type TreeReader } from './follow-path.ts';
import { materialise } from './materialise.ts';

/** Bounds of what one `materialise` writes. */
export interface MaterialiseLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

export interface SourceTreeOptions {
  /** Folder for what is written to disk; private folders are made below it. */
  readonly workDir: string;
  readonly limits: MaterialiseLimits;
}

/** The port on top of a reader: links, containment and listing are the same for every kind of tree. */
export function createSourceTree(reader: TreeReader, options: SourceTreeOptions): SourceTree {
  async function directory(path: string, signal: AbortSignal): Promise<TreeEntry> {
    const entry = await followPath(reader, path, true, signal);
    if (entry === undefined) throw notFound(path, 'does not exist');
    if (entry.type !== 'directory') throw notFound(path, 'is not a directory');
    return entry;
  }

  async function collect(
    folder: TreeEntry,
    path: string,
    recurse: boolean,
    into: TreeEntry[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const [name, line] of await reader.children(folder, signal)) {
      const entry = { ...line, path: joinPath(path, name) };
      into.push(entry);
      if (recurse && entry.type === 'directory') {
        await collect(entry, entry.path, recurse, into, signal);
      }
    }
  }

  return {
    revision: reader.revision,
    entry: (path, signal) => followPath(reader, path, false, signal),
    resolve: (path, signal) => followPath(reader, path, true, signal),
    async list(path, { recurse }, signal) {
      const entries: TreeEntry[] = [];
      const folder = await directory(path, signal);
      await collect(folder, folder.path, recurse, entries, signal);
      return entries;
    },
    async read(path, { maxBytes }, signal) {
      const entry = await followPath(reader, path, true, signal);
      if (entry === undefined) throw notFound(path, 'does not exist');
      if (entry.type !== 'file') throw notFound(path, 'is not a file');
      return await reader.content(entry, maxBytes, signal);
    },
    materialise: (paths, signal) => materialise(reader, paths, options, signal),
    copy: (paths, signal) => materialise(reader, paths, { ...options, keepLinks: true }, signal),
  };
}

function notFound(path: string, reason: string): TiphysError {
  const shown = path === '' ? '.' : path;
  return new TiphysError('PathNotFound', `${shown}: ${reason}`, { fields: { path: shown } });
}
