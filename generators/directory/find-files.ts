import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import { compileGlob } from '../../operator/core/glob.ts';
import type { DirectorySource } from '../../operator/core/app/types.ts';
import type { SourceTree, TreeEntry } from '../../operator/ports/source-tree.ts';
import { isPartial } from './jinja/templates.ts';

export type FileFormat = 'yaml' | 'json' | 'jsonnet' | 'jinja';

export interface ManifestFile {
  /** From the root of the tree. */
  readonly path: string;
  readonly format: FileFormat;
}

const EXTENSION = /\.(yaml|yml|json|jsonnet)$/;
const TEMPLATE = /\.(yaml|yml|json)\.(j2|jinja2?)$/;

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
    if (!isCandidate(entry.path, directory)) continue;
    const target = await targetOf(tree, entry, signal);
    if (target?.type !== 'file') continue;
    const relative = entry.path.slice(prefix);
    if (excluded(relative) || !included(relative)) continue;
    const format = formatOf(target.path, directory);
    if (format !== 'jinja' || !isPartial(entry.path)) files.push({ path: entry.path, format });
  }
  return files;
}

function isCandidate(path: string, { disableExtensionFilter, jinja }: DirectorySource): boolean {
  if (disableExtensionFilter === true || EXTENSION.test(path)) return true;
  return jinja !== undefined && TEMPLATE.test(path);
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

function formatOf(path: string, { jinja }: DirectorySource): FileFormat {
  if (jinja !== undefined && TEMPLATE.test(path)) return 'jinja';
  if (path.endsWith('.jsonnet')) return 'jsonnet';
  return path.endsWith('.json') ? 'json' : 'yaml';
}
