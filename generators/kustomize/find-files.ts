import { TiphysError } from '../../operator/core/errors.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../../operator/core/objects/json.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import { decodeText, parseDocuments } from '../yaml/parse-documents.ts';
import { joinPath, type KustomizationFile, readKustomization } from './kustomization.ts';

export interface FindOptions {
  /** Whether bases and files may come from other servers. */
  readonly allowRemote: boolean;
  /** Whether charts may be inflated (`--enable-helm`). */
  readonly allowHelm: boolean;
}

/** Fields whose entries are files or folders with a kustomization of their own. */
const BASES = ['resources', 'bases', 'components'] as const;
/** The same, but their files configure plugins, which name files in turn. */
const PLUGINS = ['generators', 'transformers', 'validators'] as const;

const MAX_PLUGIN_BYTES = 10_000_000;

/**
 * Every file that building a kustomization reads, found by walking from one kustomization to the next. Paths
 * from the root of the tree. Errors: `PathNotFound` for a base that is not there, `RenderFailed`
 * for a remote base or a chart that is not allowed, `UnsafePath`, `InvalidManifest`.
 */
export async function findKustomizeFiles(
  tree: SourceTree,
  folder: string,
  root: KustomizationFile,
  options: FindOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const files = new Set<string>();
  const visited = new Set<string>();

  async function visit(here: string, file: KustomizationFile): Promise<void> {
    if (visited.has(here)) return; // kustomize itself reports circles
    visited.add(here);
    files.add(file.path);
    for (const field of BASES) {
      for (const entry of strings(file.content[field])) await base(here, entry, file.path, field);
    }
    for (const field of PLUGINS) {
      for (const entry of strings(file.content[field])) {
        if (isInline(entry)) continue;
        await base(here, entry, file.path, field);
        await plugin(here, entry, file.path);
      }
    }
    for (const entry of namedFiles(file.content)) await optional(here, entry, file.path);
    await charts(here, file);
  }

  async function base(here: string, entry: string, from: string, field: string): Promise<void> {
    const path = place(here, entry);
    const target = path === undefined ? undefined : await tree.resolve(path, signal);
    if (path !== undefined && target?.type === 'file') files.add(path);
    else if (path !== undefined && target?.type === 'directory') {
      const file = await readKustomization(tree, path, signal);
      if (file === undefined) {
        throw new TiphysError(
          'PathNotFound',
          `${from}: ${field}: ${entry}: no kustomization file there`,
        );
      }
      await visit(path, file);
    } else if (!options.allowRemote) {
      throw isRemote(entry)
        ? refused(from, `${field}: remote base ${entry} is not allowed`)
        : new TiphysError('PathNotFound', `${from}: ${field}: ${entry}: does not exist`);
    }
  }

  /** A file that kustomize itself will miss, in its own words, when it is not there. */
  async function optional(here: string, entry: string, from: string): Promise<void> {
    if (entry.includes('://') && !options.allowRemote) {
      throw refused(from, `remote file ${entry} is not allowed`);
    }
    const path = place(here, entry);
    if (path === undefined) return;
    if ((await tree.resolve(path, signal))?.type === 'file') files.add(path);
  }

  /** Any text in a plugin's configuration may name a file. */
  async function plugin(here: string, entry: string, from: string): Promise<void> {
    const path = place(here, entry);
    if (path === undefined || (await tree.resolve(path, signal))?.type !== 'file') return;
    const text = decodeText(await tree.read(path, { maxBytes: MAX_PLUGIN_BYTES }, signal));
    for (const leaf of leaves(parseDocuments(text, { file: path }))) {
      if (!isInline(leaf) && leaf.length < 4_096) await optional(here, afterKey(leaf), from);
    }
  }

  async function charts(here: string, { path, content }: KustomizationFile): Promise<void> {
    const inflated = ['helmCharts', 'helmChartInflationGenerator'].filter(
      (field) => isJsonArray(content[field]) && content[field].length > 0,
    );
    if (inflated.length === 0) return;
    if (!options.allowHelm) {
      throw refused(path, `${inflated.join(', ')}: charts are not inflated`, '--enable-helm');
    }
    for (const leaf of leaves(inflated.map((field) => content[field] ?? null))) {
      if (!leaf.includes('://')) await optional(here, leaf, path);
    }
    const globals = content['helmGlobals'];
    const home = isJsonObject(globals) ? globals['chartHome'] : undefined;
    const folderOfCharts = place(here, typeof home === 'string' ? home : 'charts');
    if (folderOfCharts === undefined) return;
    if ((await tree.resolve(folderOfCharts, signal))?.type === 'directory')
      files.add(folderOfCharts);
  }

  await visit(folder, root);
  return [...files];
}

/** Paths to single files that a kustomization names outside its bases. */
function namedFiles(content: KustomizationFile['content']): readonly string[] {
  const paths = [...strings(content['crds']), ...strings(content['configurations'])];
  paths.push(...strings(content['patchesStrategicMerge']).filter((entry) => !isInline(entry)));
  for (const field of ['patches', 'patchesJson6902', 'replacements']) {
    paths.push(...objects(content[field]).flatMap((entry) => strings([entry['path'] ?? null])));
  }
  for (const field of ['configMapGenerator', 'secretGenerator']) {
    for (const generator of objects(content[field])) {
      paths.push(...strings(generator['files']).map(afterKey));
      paths.push(...strings(generator['envs']), ...strings([generator['env'] ?? null]));
    }
  }
  if (isJsonObject(content['openapi']))
    paths.push(...strings([content['openapi']['path'] ?? null]));
  return paths;
}

/** Where an entry points, from the root of the tree; `undefined` when it is no local path. */
function place(here: string, entry: string): string | undefined {
  if (entry === '' || entry.includes('://') || entry.startsWith('/')) return undefined;
  const names = here === '' ? [] : here.split('/');
  for (const name of entry.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) {
      throw new TiphysError('UnsafePath', `${joinPath(here, entry)}: leads outside the repository`);
    }
  }
  return names.join('/');
}

function isRemote(entry: string): boolean {
  return /:\/\/|^git::|^[\w.-]+@|\?(ref|version)=|^[\w-]+\.[\w.-]+\/|\.git(\/|$)/.test(entry);
}

function refused(from: string, what: string, option?: string): TiphysError {
  const hint =
    option === undefined
      ? 'Commit the files to this repository, or let the administrator set allowRemoteBases.'
      : `Let the administrator add ${option} to kustomize.buildOptions.`;
  return new TiphysError('RenderFailed', `${from}: ${what}`, { hint, fields: { path: from } });
}

/** `key=path` → `path`. */
function afterKey(entry: string): string {
  return entry.slice(entry.indexOf('=') + 1);
}

function isInline(entry: string): boolean {
  return entry.includes('\n') || entry.startsWith('{');
}

function strings(value: JsonValue | undefined): readonly string[] {
  return isJsonArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function objects(value: JsonValue | undefined): readonly KustomizationFile['content'][] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function leaves(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((member) => leaves(member as JsonValue));
}
