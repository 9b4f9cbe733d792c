import { TiphysError } from '../../operator/core/errors.ts';
import type { JsonValue } from '../../operator/core/objects/json.ts';
import type { KubeObject } from '../../operator/core/objects/kube-object.ts';
import type { Generator } from '../../operator/ports/generator.ts';
import { mapLimit } from '../../operator/runtime/map-limit.ts';
import { isMeaningful } from '../registry.ts';
import { decodeText, parseDocuments, parseJson } from '../yaml/parse-documents.ts';
import { hasKind, toObjects } from '../yaml/parse-manifests.ts';
import { findManifestFiles, type ManifestFile } from './find-files.ts';

export interface DirectoryGeneratorOptions {
  /** Sum of all manifest files of one application. Default 10,000,000, as Argo CD has it. */
  readonly maxBytes?: number;
}

const SKIP_MARKER = '+argocd:skip-file-rendering';
const PARALLEL_READS = 16;

/**
 * Plain manifests in a folder: `.yaml`, `.yml` and `.json` files, with `recurse`, `include` and
 * `exclude`. Errors: `InvalidManifest` with file and line, `LimitExceeded`, `PathNotFound`,
 * `UnsafePath`.
 */
export function createDirectoryGenerator(options: DirectoryGeneratorOptions = {}): Generator {
  const maxBytes = options.maxBytes ?? 10_000_000;
  return {
    name: 'Directory',
    version: async () => 'directory 1',
    claims: (source) => isMeaningful(source.directory),
    detect: async () => true,
    async generate(request, signal) {
      const { tree, path, source } = request;
      const directory = source.directory ?? {};
      const files = await findManifestFiles(tree, path, directory, signal);
      const texts = await mapLimit(
        files,
        PARALLEL_READS,
        async (file, stop) => decodeText(await tree.read(file.path, { maxBytes }, stop)),
        signal,
      );
      checkSize(texts, path, maxBytes);
      const objects = files.flatMap((file, index) => parseFile(file, texts[index] ?? ''));
      return { objects, readSet: [] };
    },
  };
}

function checkSize(texts: readonly string[], path: string, maxBytes: number): void {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= maxBytes) return;
  throw new TiphysError(
    'LimitExceeded',
    `${path === '' ? '.' : path}: exceeded max combined manifest file size: ${bytes} of ${maxBytes} bytes`,
  );
}

function parseFile(file: ManifestFile, text: string): readonly KubeObject[] {
  if (text.includes(SKIP_MARKER)) return [];
  switch (file.format) {
    case 'jsonnet':
      throw new TiphysError('RenderFailed', `${file.path}: Jsonnet is not supported yet`, {
        hint: 'Exclude the file with spec.source.directory.exclude, or commit what it renders to.',
        fields: { path: file.path },
      });
    case 'json':
      return toObjects(parseJson(text, file.path), file.path);
    case 'yaml':
      return parseYamlFile(file.path, text);
  }
}

/**
 * A folder may hold YAML that is not for Kubernetes, such as a values file. It is passed over when its
 * first document is no object of a kind and the text does not look like a manifest gone wrong.
 */
function parseYamlFile(path: string, text: string): readonly KubeObject[] {
  let documents: readonly JsonValue[];
  try {
    documents = parseDocuments(text, { file: path });
  } catch (error) {
    if (!looksLikeManifest(text) && !/^kind:\s*\S/m.test(text)) return [];
    throw error;
  }
  const [first] = documents;
  if (first !== undefined && !hasKind(first) && !looksLikeManifest(text)) return [];
  return documents.flatMap((document, index) =>
    toObjects(document, `${path}: document ${index + 1}`),
  );
}

function looksLikeManifest(text: string): boolean {
  return ['apiVersion:', 'kind:', 'metadata:'].every((marker) => text.includes(marker));
}
