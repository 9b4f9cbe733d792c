import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compileGlob, type Glob } from '../../operator/core/glob.ts';
import type { SourceTree, TreeEntry } from '../../operator/ports/source-tree.ts';
import { type Archive, packFolder } from './archive.ts';

/** The files of a source as plugins get them, packed at most once. Disposing removes the archive. */
export interface SourceCopy extends AsyncDisposable {
  archive(signal: AbortSignal): Promise<Archive>;
}

export function openSourceCopy(options: {
  readonly tree: SourceTree;
  /** Folder for temporary files; made when absent. */
  readonly workDir: string;
  /** What is not sent, see `includedPaths`. */
  readonly exclusions: readonly string[];
}): SourceCopy {
  const { tree, workDir, exclusions } = options;
  let dir: string | undefined;
  let archive: Archive | undefined;
  return {
    async archive(signal) {
      if (archive !== undefined) return archive;
      const paths = await includedPaths(tree, exclusions, signal);
      await using files = await tree.copy(paths, signal);
      await mkdir(workDir, { recursive: true, mode: 0o700 });
      dir ??= await mkdtemp(join(workDir, 'archive-'));
      archive = await packFolder(files.root, join(dir, 'source.tar.gz'), signal);
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
export async function includedPaths(
  tree: SourceTree,
  exclusions: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (exclusions.length === 0) return [''];
  const entries = await tree.list('', { recurse: true }, signal);
  return coverOf(entries, compileExclusions(exclusions));
}

/** `entries` are all in the tree, each folder before what is in it. */
export function coverOf(
  entries: readonly Pick<TreeEntry, 'path' | 'type'>[],
  isExcluded: Glob,
): readonly string[] {
  const excluded = entries.filter(({ path }) => isExcluded(path)).map(({ path }) => path);
  if (excluded.length === 0) return [''];
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
    return all.map((one) => compileGlob(one, { separators: '/' }));
  });
  return (path) => globs.some((glob) => glob(path));
}
