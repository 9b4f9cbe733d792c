import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compileGlob, type Glob } from '../../operator/core/glob.ts';
import { generatePaths } from '../../operator/core/webhook/affected.ts';
import type { Materialised, SourceTree, TreeEntry } from '../../operator/ports/source-tree.ts';
import { type Archive, packFolder } from './archive.ts';

/** The files of a source as plugins get them, packed at most once. Disposing removes the archive. */
export interface SourceCopy extends AsyncDisposable {
  archive(signal: AbortSignal): Promise<Archive>;
  /** The same, on disk, for one run alone. */
  files(signal: AbortSignal): Promise<Materialised>;
}

export interface SourceCopyOptions {
  readonly tree: SourceTree;
  /** The folder that plugins take for the root of the repository; `` for the root itself. */
  readonly root: string;
  /** Folder for temporary files; made when absent. */
  readonly workDir: string;
  /** What is not sent, see `includedPaths`. */
  readonly exclusions: readonly string[];
}

export function openSourceCopy(options: SourceCopyOptions): SourceCopy {
  const { tree, root, workDir, exclusions } = options;
  let dir: string | undefined;
  let archive: Archive | undefined;

  async function files(signal: AbortSignal): Promise<Materialised> {
    const paths = await includedPaths(tree, root, exclusions, signal);
    const written = await tree.copy(paths, signal);
    await mkdir(join(written.root, root), { recursive: true }); // all of it may be left out
    return {
      root: join(written.root, root),
      [Symbol.asyncDispose]: () => written[Symbol.asyncDispose](),
    };
  }

  return {
    files,
    async archive(signal) {
      if (archive !== undefined) return archive;
      await using copied = await files(signal);
      await mkdir(workDir, { recursive: true, mode: 0o700 });
      dir ??= await mkdtemp(join(workDir, 'archive-'));
      archive = await packFolder(copied.root, join(dir, 'source.tar.gz'), signal);
      return archive;
    },
    async [Symbol.asyncDispose]() {
      if (dir !== undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

/**
 * The fewest paths that stand for everything in the tree but what a glob excludes; the glob is over the
 * path from the root, `**` crosses folders, and a folder that matches goes with all in it.
 */
async function includedPaths(
  tree: SourceTree,
  root: string,
  exclusions: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (exclusions.length === 0) return [root];
  const entries = await tree.list(root, { recurse: true }, signal);
  return coverOf(root, entries, compileExclusions(exclusions));
}

/** The deepest folder that holds a folder and the paths that `manifest-generate-paths` names. */
export function commonRoot(folder: string, annotation: string, sourcePath: string): string {
  let names = namesOf(folder);
  for (const path of generatePaths(annotation, sourcePath)) {
    const glob = namesOf(path).findIndex((name) => /[*?[]/.test(name));
    const other = glob < 0 ? namesOf(path) : namesOf(path).slice(0, glob);
    const differs = names.findIndex((name, index) => name !== other[index]);
    if (differs >= 0) names = names.slice(0, differs);
  }
  return names.join('/');
}

function namesOf(path: string): readonly string[] {
  return path.split('/').filter((name) => name !== '');
}

/** `entries` are all in the folder `root`, each folder before what is in it. */
export function coverOf(
  root: string,
  entries: readonly Pick<TreeEntry, 'path' | 'type'>[],
  isExcluded: Glob,
): readonly string[] {
  const excluded = entries.filter(({ path }) => isExcluded(path)).map(({ path }) => path);
  if (excluded.length === 0) return [root];
  /** Folders with something in them that is left out. */
  const broken = new Set<string>();
  for (const path of excluded) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      broken.add(path.slice(0, at));
    }
  }
  const done = new Set(excluded);
  const cover: string[] = [];
  for (const { path, type } of entries) {
    const above = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (done.has(above)) done.add(path);
    if (done.has(path) || (type === 'directory' && broken.has(path))) continue;
    cover.push(path);
    done.add(path);
  }
  return cover;
}

function compileExclusions(patterns: readonly string[]): Glob {
  const globs = patterns.flatMap((pattern) => {
    const all = [pattern];
    if (pattern.startsWith('**/')) all.push(pattern.slice('**/'.length)); // for no folder at all
    return all.map((one) => compileGlob(one, { separators: '/', caretNegates: true }));
  });
  return (path) => globs.some((glob) => glob(path));
}
