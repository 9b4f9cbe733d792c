import { TiphysError } from '../../operator/core/errors.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../operator/core/objects/json.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import { decodeText, parseDocuments } from '../yaml/parse-documents.ts';
import { isRemote, isRemoteFile, parseRemoteBase, type RemoteBase } from './remote-base.ts';
import { joinPath, type KustomizationFile, readKustomization } from './kustomization.ts';

export interface FindOptions {
  /** Opens a base of another repository. Errors: `NotPermitted`, and those of Git. */
  readonly openBase: (base: RemoteBase) => Promise<SourceTree>;
  /** Throws when a file may not be fetched by its URL. */
  readonly checkUrl: (url: string) => void;
  /** Whether charts may be inflated (`--enable-helm`). */
  readonly allowHelm: boolean;
}

/** What a build reads of one repository. */
export interface FoundTree {
  readonly tree: SourceTree;
  /** How it is shown to people: `.` for the own one. */
  readonly shown: string;
  readonly files: ReadonlySet<string>;
  /** Bases of other repositories, by the kustomization that names them and what it says. */
  readonly bases: ReadonlyMap<
    string,
    ReadonlyMap<string, { readonly of: FoundTree; readonly path: string }>
  >;
  /** Kustomizations with such bases. */
  readonly contents: ReadonlyMap<string, KustomizationFile>;
}

/** Fields whose entries are files or folders with a kustomization of their own. */
const BASES = ['resources', 'bases', 'components'] as const;
/** The same, but their files configure plugins, which name files in turn. */
const PLUGINS = ['generators', 'transformers', 'validators'] as const;

const MAX_PLUGIN_BYTES = 10_000_000;

/**
 * Every file that building a kustomization reads, found by walking from one kustomization to the next,
 * also into other repositories; the own one comes first. Errors: `PathNotFound` for a base that is
 * not there, `RenderFailed` for a chart that is not allowed, `UnsafePath`, `InvalidManifest`, and those of
 * the options.
 */
export async function findKustomizeFiles(
  tree: SourceTree,
  folder: string,
  root: KustomizationFile,
  options: FindOptions,
  signal: AbortSignal,
): Promise<readonly FoundTree[]> {
  const own = new Walk(tree, '.');
  const walks = new Map<string, Walk>([['', own]]);

  async function visit(walk: Walk, here: string, file: KustomizationFile): Promise<void> {
    if (walk.visited.has(here)) return; // kustomize itself reports circles
    if (walks.size > MAX_TREES) {
      throw new TiphysError(
        'LimitExceeded',
        `${file.path}: bases of more than ${MAX_TREES} repositories`,
      );
    }
    walk.visited.add(here);
    walk.files.add(file.path);
    for (const field of BASES) {
      for (const entry of strings(file.content[field])) await base(walk, here, entry, file, field);
    }
    for (const field of PLUGINS) {
      for (const entry of strings(file.content[field])) {
        if (isInline(entry)) continue;
        await base(walk, here, entry, file, field);
        await plugin(walk, here, entry, file.path);
      }
    }
    for (const entry of namedFiles(file.content)) await optional(walk, here, entry, file.path);
    await charts(walk, here, file);
  }

  async function base(
    walk: Walk,
    here: string,
    entry: string,
    file: KustomizationFile,
    field: string,
  ): Promise<void> {
    const path = place(here, entry);
    const target = path === undefined ? undefined : await walk.tree.resolve(path, signal);
    if (path !== undefined && target?.type === 'file') walk.files.add(path);
    else if (path !== undefined && target?.type === 'directory') {
      await visit(
        walk,
        path,
        await kustomizationOf(walk, path, `${file.path}: ${field}: ${entry}`),
      );
    } else if (isRemoteFile(entry)) options.checkUrl(entry);
    else if (isRemote(entry)) await otherRepository(walk, entry, file, field);
    else throw new TiphysError('PathNotFound', `${file.path}: ${field}: ${entry}: does not exist`);
  }

  async function otherRepository(
    walk: Walk,
    entry: string,
    file: KustomizationFile,
    field: string,
  ): Promise<void> {
    const subject = `${file.path}: ${field}: ${entry}`;
    const remote = parseRemoteBase(entry);
    if (remote === undefined) {
      throw new TiphysError(
        'RenderFailed',
        `${subject}: this address of a remote base is not read`,
        {
          hint: 'Write https://HOST/OWNER/REPOSITORY//FOLDER?ref=REVISION.',
        },
      );
    }
    const { repoUrl, revision, path } = remote;
    const key = `${repoUrl} ${revision}`;
    const other = walks.get(key) ?? new Walk(await options.openBase(remote), repoUrl);
    walks.set(key, other);
    walk.note(file, entry, other, path);
    await visit(other, path, await kustomizationOf(other, path, subject));
  }

  async function kustomizationOf(
    walk: Walk,
    path: string,
    subject: string,
  ): Promise<KustomizationFile> {
    const isFolder = (await walk.tree.resolve(path, signal))?.type === 'directory';
    const file = isFolder ? await readKustomization(walk.tree, path, signal) : undefined;
    if (file !== undefined) return file;
    throw new TiphysError('PathNotFound', `${subject}: no kustomization file there`);
  }

  /** A file that kustomize itself will miss, in its own words, when it is not there. */
  async function optional(walk: Walk, here: string, entry: string, from: string): Promise<void> {
    if (entry.includes('://')) {
      if (isRemoteFile(entry)) options.checkUrl(entry);
      else throw new TiphysError('RenderFailed', `${from}: remote file ${entry} is not allowed`);
    }
    const path = place(here, entry);
    if (path === undefined) return;
    if ((await walk.tree.resolve(path, signal))?.type === 'file') walk.files.add(path);
  }

  /** Any text in a plugin's configuration may name a file. */
  async function plugin(walk: Walk, here: string, entry: string, from: string): Promise<void> {
    const path = place(here, entry);
    if (path === undefined || (await walk.tree.resolve(path, signal))?.type !== 'file') return;
    const text = decodeText(await walk.tree.read(path, { maxBytes: MAX_PLUGIN_BYTES }, signal));
    for (const leaf of leaves(parseDocuments(text, { file: path }))) {
      if (!isInline(leaf) && leaf.length < 4_096) await optional(walk, here, afterKey(leaf), from);
    }
  }

  async function charts(
    walk: Walk,
    here: string,
    { path, content }: KustomizationFile,
  ): Promise<void> {
    const inflated = ['helmCharts', 'helmChartInflationGenerator'].filter(
      (field) => isJsonArray(content[field]) && content[field].length > 0,
    );
    if (inflated.length === 0) return;
    if (!options.allowHelm) {
      throw new TiphysError(
        'RenderFailed',
        `${path}: ${inflated.join(', ')}: charts are not inflated`,
        {
          hint: 'Let the administrator add --enable-helm to kustomize.buildOptions.',
          fields: { path },
        },
      );
    }
    for (const url of inflated.flatMap((field) => objects(content[field]).flatMap(urlsOfChart))) {
      options.checkUrl(url);
    }
    for (const leaf of leaves(inflated.map((field) => content[field] ?? null))) {
      if (!leaf.includes('://')) await optional(walk, here, leaf, path);
    }
    const globals = content['helmGlobals'];
    const home = isJsonObject(globals) ? globals['chartHome'] : undefined;
    const folderOfCharts = place(here, typeof home === 'string' ? home : 'charts');
    if (folderOfCharts === undefined) return;
    if ((await walk.tree.resolve(folderOfCharts, signal))?.type === 'directory')
      walk.files.add(folderOfCharts);
  }

  await visit(own, folder, root);
  return [...walks.values()];
}

const MAX_TREES = 50;

/** What was found so far in one repository. */
class Walk implements FoundTree {
  readonly tree: SourceTree;
  readonly shown: string;
  readonly files: Set<string> = new Set();
  readonly visited: Set<string> = new Set();
  readonly bases: Map<string, Map<string, { readonly of: FoundTree; readonly path: string }>> =
    new Map();
  readonly contents: Map<string, KustomizationFile> = new Map();

  constructor(tree: SourceTree, shown: string) {
    this.tree = tree;
    this.shown = shown;
  }

  note(file: KustomizationFile, entry: string, of: FoundTree, path: string): void {
    this.contents.set(file.path, file);
    const entries = this.bases.get(file.path) ?? new Map();
    this.bases.set(file.path, entries.set(entry, { of, path }));
  }
}

/** What kustomize and helm would fetch for a chart. */
function urlsOfChart(chart: JsonObject): readonly string[] {
  const files = [chart['repo'], chart['chartRepoUrl'], chart['valuesFile'], chart['values']];
  const all = [...files, ...strings(chart['additionalValuesFiles'])];
  return all.filter((url): url is string => typeof url === 'string' && url.includes('://'));
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
