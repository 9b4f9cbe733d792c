import { createHash } from 'node:crypto';
import { open, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../core/errors.ts';
import type { SourceRepositories } from '../ports/source-repositories.ts';
import type { SourceTree, TreeEntry } from '../ports/source-tree.ts';
import type { TreeReader } from './follow-path.ts';
import { createSourceTree, type SourceTreeOptions } from './source-tree.ts';
import { compareNames, type TreeLine } from './tree-object.ts';

type Line = Omit<TreeLine, 'name'>;

/**
 * A plain folder as a source tree, as it is at this moment: every file is hashed once. For the
 * command line and for tests. `.git` folders are passed over. Its revision is a content hash.
 * Errors: `PathNotFound` when there is no such folder.
 */
export async function openFolderTree(
  dir: string,
  options: SourceTreeOptions,
  signal: AbortSignal,
): Promise<SourceTree> {
  const folders = new Map<string, ReadonlyMap<string, Line>>();
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new TiphysError('PathNotFound', `${dir}: is not a folder`);
  }
  const hash = await hashFolder(dir, '', folders, signal);
  return createSourceTree(new FolderReader(dir, hash, folders), options);
}

/** Repositories whose every URL and revision is one folder on disk. */
export function createFolderRepositories(
  dir: string,
  options: SourceTreeOptions,
): SourceRepositories {
  let opened: Promise<SourceTree> | undefined;
  const tree = (signal: AbortSignal) => (opened ??= openFolderTree(dir, options, signal));
  return {
    resolve: async (_repoUrl, _revision, _options, signal) => (await tree(signal)).revision,
    tree: (_repoUrl, _commit, _reader, signal) => tree(signal),
    commit: () =>
      Promise.reject(new TiphysError('RevisionNotFound', `${dir}: a folder has no commits`)),
    artifact: () =>
      Promise.reject(new TiphysError('RevisionNotFound', `${dir}: a folder is no artifact`)),
    verify: async (_repoUrl, { criteria }) =>
      criteria.type === 'none' ? [] : ['a folder has no signatures'],
    signInVariables: async () => ({ env: {}, async [Symbol.asyncDispose]() {} }),
    onMoved: () => ({ [Symbol.dispose]() {} }),
  };
}

class FolderReader implements TreeReader {
  readonly revision: string;
  readonly root: TreeEntry;
  readonly #dir: string;
  readonly #folders: ReadonlyMap<string, ReadonlyMap<string, Line>>;

  constructor(dir: string, hash: string, folders: ReadonlyMap<string, ReadonlyMap<string, Line>>) {
    this.#dir = dir;
    this.#folders = folders;
    this.revision = hash;
    this.root = { path: '', type: 'directory', hash, executable: false };
  }

  async children(directory: TreeEntry): Promise<ReadonlyMap<string, Line>> {
    return this.#folders.get(directory.path) ?? new Map();
  }

  async content(entry: TreeEntry, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    const path = join(this.#dir, entry.path);
    if (entry.type === 'symlink') return await readlink(path, { encoding: 'buffer' });
    // One handle for both questions, so that the file measured is the file read.
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > maxBytes) {
      throw new TiphysError('LimitExceeded', `${entry.path}: larger than ${maxBytes} bytes`);
    }
    return await file.readFile();
  }
}

/** Fills `folders` for everything below and returns the hash of the folder. */
async function hashFolder(
  root: string,
  path: string,
  folders: Map<string, ReadonlyMap<string, Line>>,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const lines = new Map<string, Line>();
  const found = await readdir(join(root, path), { withFileTypes: true });
  found.sort((left, right) => compareNames(left.name, right.name));
  for (const item of found) {
    if (item.name === '.git') continue;
    const here = path === '' ? item.name : `${path}/${item.name}`;
    const full = join(root, here);
    if (item.isDirectory()) {
      const hash = await hashFolder(root, here, folders, signal);
      lines.set(item.name, { type: 'directory', hash, executable: false });
    } else if (item.isSymbolicLink()) {
      const hash = digest('link', await readlink(full));
      lines.set(item.name, { type: 'symlink', hash, executable: false });
    } else if (item.isFile()) {
      await using file = await open(full, 'r');
      const executable = ((await file.stat()).mode & 0o100) !== 0;
      lines.set(item.name, {
        type: 'file',
        hash: digest('file', await file.readFile()),
        executable,
      });
    }
  }
  folders.set(path, lines);
  const texts = Array.from(
    lines,
    ([name, line]) => `${line.type} ${line.executable} ${line.hash} ${name}\0`,
  );
  return digest('folder', texts.join(''));
}

/** 40 hex digits, so that it passes for a commit wherever one is shown or checked. */
function digest(kind: string, content: string | Buffer): string {
  return createHash('sha256').update(`${kind}\0`).update(content).digest('hex').slice(0, 40);
}
