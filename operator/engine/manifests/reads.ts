import type { SourceTree, TreeEntry } from '../../ports/source-tree.ts';
import { sha256 } from '../../runtime/hash.ts';

/**
 * What a render saw of one tree. A later commit in which all of it is the same renders the same.
 * - `entry`: what stands at a path: absent, a file of this content, a folder.
 * - `content`: the same, and for a folder everything below it.
 * - `names`: the names and types in a folder, or in all below it.
 */
export interface Read {
  readonly type: 'entry' | 'content' | 'names' | 'names-below';
  readonly path: string;
  readonly followLast: boolean;
  /** What was seen, as a text that is equal when it is the same. */
  readonly seen: string;
  /** Hash and place of the folder that was seen: while they stand, everything below stands. */
  readonly folder: { readonly hash: string; readonly path: string } | undefined;
  /** Something is there and no link leads to it, so the folders above it answer for it. */
  readonly direct: boolean;
}

/** The reads of one render in one tree; collects first, answers questions afterwards. */
export class Reads {
  readonly #reads = new Map<string, Read>();

  /** `known`: what was written down of another, see `all`. */
  constructor(known: readonly Read[] = []) {
    for (const read of known) this.#note(read);
  }

  /**
   * Paths of which a change may matter, from the root; a folder stands for all below it. `undefined`
   * when a link led somewhere, as then files elsewhere matter too.
   */
  get paths(): readonly string[] | undefined {
    const paths = new Set<string>();
    for (const { path, direct, seen } of this.#reads.values()) {
      if (!direct && seen !== 'absent') return undefined;
      paths.add(path);
    }
    return [...paths];
  }

  /** Everything seen, as plain data. */
  get all(): readonly Read[] {
    return [...this.#reads.values()];
  }

  noteEntry(path: string, followLast: boolean, entry: TreeEntry | undefined): void {
    const seen = describe(entry, false);
    const direct = entry?.path === path;
    this.#note({ type: 'entry', path, followLast, seen, folder: undefined, direct });
  }

  noteContent(path: string, entry: TreeEntry | undefined): void {
    const folder = entry?.type === 'directory' ? { hash: entry.hash, path: entry.path } : undefined;
    const seen = describe(entry, true);
    const direct = entry?.path === path;
    this.#note({ type: 'content', path, followLast: true, seen, folder, direct });
  }

  noteNames(
    path: string,
    recurse: boolean,
    folder: TreeEntry | undefined,
    entries: readonly TreeEntry[],
  ): void {
    const type = recurse ? 'names-below' : 'names';
    const seen = fingerprint(entries);
    const direct = folder?.path === path;
    this.#note({ type, path, followLast: true, seen, folder, direct });
  }

  /**
   * Whether another tree looks the same to the render. Cheap while nothing changed: the hash of a
   * folder answers for everything in it.
   */
  async sameIn(tree: SourceTree, signal: AbortSignal): Promise<boolean> {
    const standing: string[] = [];
    const later: Read[] = [];
    for (const read of this.#reads.values()) {
      if (read.folder === undefined) {
        later.push(read);
        continue;
      }
      const now = await look(tree, read, signal);
      if (now?.hash === read.folder.hash && now.path === read.folder.path) standing.push(now.path);
      else later.push(read);
    }
    for (const read of later) {
      const stands = read.direct && standing.some((folder) => isBelow(folder, read.path));
      if (!stands && (await see(tree, read, signal)) !== read.seen) return false;
    }
    return true;
  }

  #note(read: Read): void {
    this.#reads.set(`${read.type} ${read.followLast} ${read.path}`, read);
  }
}

/** What the tree shows now for a read; trouble on the way is a difference, and the render will tell it. */
async function see(tree: SourceTree, read: Read, signal: AbortSignal): Promise<string | undefined> {
  if (read.type === 'entry' || read.type === 'content') {
    return describe(await look(tree, read, signal), read.type === 'content');
  }
  const folder = await look(tree, read, signal);
  if (folder?.type !== 'directory') return undefined;
  const recurse = read.type === 'names-below';
  return fingerprint(await tree.list(read.path, { recurse }, signal));
}

async function look(
  tree: SourceTree,
  read: Read,
  signal: AbortSignal,
): Promise<TreeEntry | undefined> {
  return read.followLast
    ? await tree.resolve(read.path, signal)
    : await tree.entry(read.path, signal);
}

/** Of a folder that was only looked at, what is inside does not count. */
function describe(entry: TreeEntry | undefined, contentOfFolders: boolean): string {
  if (entry === undefined) return 'absent';
  if (entry.type === 'directory' && !contentOfFolders) return 'directory';
  return `${entry.type} ${entry.executable} ${entry.hash}`;
}

// Hashed, because a large folder has many names and a cache has many folders.
function fingerprint(entries: readonly TreeEntry[]): string {
  return sha256(entries.map((entry) => `${entry.type} ${entry.path}`).join('\0'));
}

function isBelow(folder: string, path: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}
