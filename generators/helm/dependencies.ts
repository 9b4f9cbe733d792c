import { TiphysError } from '../../operator/core/errors.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../../operator/core/objects/json.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import { decodeText, parseDocuments } from '../yaml/parse-documents.ts';

/** What `helm dependency build` will fetch for a chart. */
export interface Dependencies {
  /** Charts in the same repository, from its root. */
  readonly folders: readonly string[];
  /** URLs of Helm repositories. */
  readonly repositories: readonly string[];
  /** Registries, with the folders in them but without a scheme. */
  readonly registries: readonly string[];
  /** Helm repositories that are named as they are registered. */
  readonly names: readonly string[];
  /** Why they cannot be fetched; says nothing against a chart that has them in `charts/`. */
  readonly problem?: TiphysError;
}

const FILES = ['Chart.yaml', 'Chart.lock', 'requirements.yaml', 'requirements.lock'] as const;
const MAX_BYTES = 1_000_000;

/**
 * Where the dependencies of the chart in a folder come from, by its own files and their locks.
 * `problem` is `UnsafePath` for a `file://` that leads outside, `InvalidSpec` for a repository of
 * another kind, `InvalidManifest` for a file that is no YAML.
 */
export async function findDependencies(
  tree: SourceTree,
  folder: string,
  signal: AbortSignal,
): Promise<Dependencies> {
  const folders = new Set<string>();
  const repositories = new Set<string>();
  const registries = new Set<string>();
  const names = new Set<string>();
  const found = () => ({
    folders: [...folders],
    repositories: [...repositories],
    registries: [...registries],
    names: [...names],
  });
  try {
    await collect();
  } catch (error) {
    if (!(error instanceof TiphysError)) throw error;
    return { ...found(), problem: error };
  }
  return found();

  async function collect(): Promise<void> {
    for (const name of FILES) {
      const file = folder === '' ? name : `${folder}/${name}`;
      if ((await tree.resolve(file, signal))?.type !== 'file') continue;
      const text = decodeText(await tree.read(file, { maxBytes: MAX_BYTES }, signal));
      for (const repository of repositoriesIn(parseDocuments(text, { file }))) {
        const local = /^file:\/\/(.*)$/is.exec(repository)?.[1];
        const registry = /^oci:\/\/(.*)$/is.exec(repository)?.[1];
        const name = /^(?:@|alias:)(.+)$/s.exec(repository)?.[1];
        if (local !== undefined) await addFolder(insideOf(folder, local, file));
        else if (registry !== undefined) registries.add(registry);
        else if (name !== undefined) names.add(name);
        else if (/^https?:\/\//i.test(repository)) repositories.add(repository);
        else if (repository !== '') throw unknown(file, repository);
      }
    }
  }

  /** helm itself will miss one that is not there. */
  async function addFolder(path: string): Promise<void> {
    if ((await tree.resolve(path, signal))?.type === 'directory') folders.add(path);
  }
}

/** helm reads `Repository` as `repository`, so the case of keys is nothing to rely on. */
function repositoriesIn(documents: readonly JsonValue[]): readonly string[] {
  const found: string[] = [];
  for (const list of documents.flatMap((document) => valuesOf(document, 'dependencies'))) {
    for (const entry of isJsonArray(list) ? list : []) {
      for (const repository of valuesOf(entry, 'repository')) {
        if (typeof repository === 'string') found.push(repository);
      }
    }
  }
  return found;
}

function valuesOf(value: JsonValue, wanted: string): readonly JsonValue[] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value)
    .filter(([key]) => key.toLowerCase() === wanted)
    .map(([, member]) => member ?? null);
}

function insideOf(folder: string, path: string, file: string): string {
  const outside = () =>
    new TiphysError(
      'UnsafePath',
      `${file}: the dependency file://${path} leads outside the repository`,
    );
  if (path.startsWith('/') || path.includes('%')) throw outside();
  const names = folder === '' ? [] : folder.split('/');
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) throw outside();
  }
  return names.join('/');
}

function unknown(file: string, repository: string): TiphysError {
  return new TiphysError('InvalidSpec', `${file}: the repository ${repository} cannot be used`, {
    hint: 'Name it by URL (https://, oci:// or file://) or as it is registered (@name), or commit the charts/ folder.',
  });
}
