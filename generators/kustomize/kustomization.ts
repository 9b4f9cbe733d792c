import { TiphysError } from '../../operator/core/errors.ts';
import { isJsonObject, type JsonObject } from '../../operator/core/objects/json.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import { decodeText, parseDocuments } from '../yaml/parse-documents.ts';

/** Names of the file, in the order in which they are looked for. */
export const KUSTOMIZATION_FILES: readonly string[] = [
  'kustomization.yaml',
  'kustomization.yml',
  'Kustomization',
];

const MAX_BYTES = 10_000_000;

export interface KustomizationFile {
  readonly path: string;
  readonly content: JsonObject;
}

/** The kustomization of a folder; `undefined` when it has none. Errors: `InvalidManifest`. */
export async function readKustomization(
  tree: SourceTree,
  folder: string,
  signal: AbortSignal,
): Promise<KustomizationFile | undefined> {
  for (const name of KUSTOMIZATION_FILES) {
    const path = joinPath(folder, name);
    if ((await tree.resolve(path, signal))?.type !== 'file') continue;
    const text = decodeText(await tree.read(path, { maxBytes: MAX_BYTES }, signal));
    const [content = {}, ...more] = parseDocuments(text, { file: path });
    if (!isJsonObject(content) || more.length > 0) {
      throw new TiphysError('InvalidManifest', `${path}: must be one map`, { fields: { path } });
    }
    return { path, content };
  }
  return undefined;
}

export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
