import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import { compileGlob } from '../../operator/core/glob.ts';
import type { DirectorySource } from '../../operator/core/app/types.ts';
import type { SourceTree, TreeEntry } from '../../operator/ports/source-tree.ts';

export type FileFormat = 'yaml' | 'json' | 'jsonnet';

export interface ManifestFile {
  /** From the root of the tree. */
  readonly path: string;
  readonly format: FileFormat;
}

const EXTENSION = /\.(yaml|yml|json|jsonnet)$/;

/**
 * The files of a folder that are meant to hold manifests, in byte order, depth first.
 * Errors: `PathNotFound`, `UnsafePath` for a link that leads outside, also when it is excluded.
 */
export async function findManifestFiles(
  tree: SourceTree,
  folder: string,
  directory: DirectorySource,
  signal: AbortSignal,
): Promise<readonly ManifestFile[]> {
  const files: ManifestFile[] = [];
  const excluded = compilePattern(directory.exclude) ?? (() => false);
  const included = compilePattern(directory.include) ?? (() => true);
  const prefix = folder === '' ? 0 : folder.length + 1;
  for (const entry of await tree.list(folder, { recurse: directory.recurse ?? false }, signal)) {
    if (entry.type !== 'file' && entry.type !== 'symlink') continue;
    const isCandidate = directory.disableExtensionFilter === true || EXTENSION.test(entry.path);
    if (!isCandidate) continue;
    const target = await targetOf(tree, entry, signal);
    if (target?.type !== 'file') continue;
    const relative = entry.path.slice(prefix);
    if (excluded(relative) || !included(relative)) continue;
    files.push({ path: entry.path, format: formatOf(target.path) });
  }
  return files;
}

function compilePattern(pattern: string | undefined): ((path: string) => boolean) | undefined {
  return pattern === undefined || pattern === '' ? undefined : compileGlob(pattern);
}

async function targetOf(
  tree: SourceTree,
  entry: TreeEntry,
  signal: AbortSignal,
): Promise<TreeEntry | undefined> {
  if (entry.type === 'file') return entry;
  try {
    return await tree.resolve(entry.path, signal);
  } catch (error) {
    if (!hasCode(error, 'UnsafePath')) throw error;
    throw new TiphysError('UnsafePath', `illegal filepath in symlink: ${error.message}`, {
      cause: error,
      fields: { path: entry.path },
    });
  }
}

function formatOf(path: string): FileFormat {
  if (path.endsWith('.jsonnet')) return 'jsonnet';
  return path.endsWith('.json') ? 'json' : 'yaml';
}
