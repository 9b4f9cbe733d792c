import { TiphysError } from '../core/errors.ts';
import type { TreeEntry } from '../ports/source-tree.ts';
import type { LruCache } from '../runtime/lru-cache.ts';
import type { CatFile } from './cat-file.ts';
import type { TreeReader } from './follow-path.ts';
import type { LeftOut } from './partial-fetch.ts';
import { formatOf, parseTreeObject, type TreeObject } from './tree-object.ts';

/** Parsed folders by hash: they never change, and the commits of a repository share most of them. */
export type TreeObjectCache = LruCache<string, TreeObject>;

const MAX_TREE_BYTES = 32 * 1024 * 1024;

/** Where the objects of a mirror come from. */
export interface GitObjects {
  readonly catFile: CatFile;
  readonly folders: TreeObjectCache;
  readonly leftOut: LeftOut;
}

/**
 * The files of a commit that the mirror holds, or `undefined` when it does not hold it.
 * Cancellation: rejects with `signal.reason`.
 */
export async function openGitTree(
  objects: GitObjects,
  commit: string,
  signal: AbortSignal,
): Promise<TreeReader | undefined> {
  const root = await objects.catFile.read(`${commit}^{tree}`, MAX_TREE_BYTES, signal);
  if (root === undefined) return undefined;
  remember(objects.folders, root.id, parseTreeObject(root.content, formatOf(root.id)));
  return new GitTreeReader(objects, commit, root.id);
}

class GitTreeReader implements TreeReader {
  readonly revision: string;
  readonly root: TreeEntry;
  readonly #objects: GitObjects;

  constructor(objects: GitObjects, commit: string, rootHash: string) {
    this.#objects = objects;
    this.revision = commit;
    this.root = { path: '', type: 'directory', hash: rootHash, executable: false };
  }

  async children(directory: TreeEntry, signal: AbortSignal): Promise<TreeObject> {
    const known = this.#objects.folders.get(directory.hash);
    if (known !== undefined) return known;
    const object = await this.#objects.catFile.read(directory.hash, MAX_TREE_BYTES, signal);
    if (object === undefined) throw this.#lost(directory);
    const parsed = parseTreeObject(object.content, formatOf(object.id));
    remember(this.#objects.folders, directory.hash, parsed);
    return parsed;
  }

  async content(
    entry: TreeEntry,
    maxBytes: number,
    signal: AbortSignal,
    beside: readonly TreeEntry[] = [],
  ): Promise<Buffer> {
    try {
      const { catFile, leftOut } = this.#objects;
      const known = await catFile.read(entry.hash, maxBytes, signal);
      if (known !== undefined) return known.content;
      const others = beside.map(({ hash }) => hash);
      await leftOut.bring(entry.hash, others, signal);
      const object = await catFile.read(entry.hash, maxBytes, signal);
      if (object === undefined) throw this.#lost(entry);
      return object.content;
    } catch (error) {
      if (error instanceof TiphysError && error.code === 'LimitExceeded') {
        throw new TiphysError('LimitExceeded', `${entry.path}: larger than ${maxBytes} bytes`, {
          cause: error,
          fields: { path: entry.path },
        });
      }
      throw error;
    }
  }

  #lost(entry: TreeEntry): TiphysError {
    return new TiphysError(
      'GitUnreachable',
      `${entry.path}: git object ${entry.hash} is missing in the mirror of ${this.revision}`,
      { fields: { path: entry.path, revision: this.revision } },
    );
  }
}

function remember(cache: TreeObjectCache, hash: string, tree: TreeObject): void {
  cache.set(hash, tree, tree.size + 1);
}
