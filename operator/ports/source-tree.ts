/** One entry of a source tree. Paths are relative to the root, with `/`, without a leading one; the root is ``. */
export interface TreeEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'submodule';
  /** Content hash: equal hashes mean equal content, for directories of everything below. */
  readonly hash: string;
  readonly executable: boolean;
}

/** Files on disk for a program to read; disposing removes them. */
export interface Materialised extends AsyncDisposable {
  /** Absolute path of the folder that stands for the root of the tree. */
  readonly root: string;
}

/**
 * The files of one repository at one revision. Reading never leaves the repository: a symbolic link
 * is followed only while its target is inside, else `UnsafePath` is thrown.
 */
export interface SourceTree {
  /** The commit, or a content hash where there is no commit. */
  readonly revision: string;
  /** `undefined` when nothing is at the path. Follows links in the folders on the way, not the last one. */
  entry(path: string, signal: AbortSignal): Promise<TreeEntry | undefined>;
  /** Entries of a directory in byte order of their names; with `recurse` everything below it, depth first. Links are not followed. */
  list(
    path: string,
    options: { readonly recurse: boolean },
    signal: AbortSignal,
  ): Promise<readonly TreeEntry[]>;
  /** Where a path leads after following every link on the way; `undefined` when it leads nowhere. */
  resolve(path: string, signal: AbortSignal): Promise<TreeEntry | undefined>;
  /** Content of a file, following links. Errors: `PathNotFound`, `UnsafePath`, `LimitExceeded` above `maxBytes`. */
  read(path: string, options: { readonly maxBytes: number }, signal: AbortSignal): Promise<Buffer>;
  /** Writes these files and folders (with all below them) to a private folder on disk. */
  materialise(paths: readonly string[], signal: AbortSignal): Promise<Materialised>;
  /**
   * The same, with links as links; one that leads outside is `UnsafePath`. For programs that want the
   * repository as it is, and that cannot be told what not to follow.
   */
  copy(paths: readonly string[], signal: AbortSignal): Promise<Materialised>;
}
