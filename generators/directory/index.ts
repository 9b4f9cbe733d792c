import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import type { JsonValue } from '../../operator/core/objects/json.ts';
import type { KubeObject } from '../../operator/core/objects/kube-object.ts';
import type { GenerateRequest, Generator } from '../../operator/ports/generator.ts';
import { mapLimit } from '../../operator/runtime/map-limit.ts';
import { type AskVersion, rememberVersions } from '../process/tool-version.ts';
import { isMeaningful } from '../registry.ts';
import { decodeText, parseDocuments, parseJson } from '../yaml/parse-documents.ts';
import { hasKind, parseManifests, toObjects } from '../yaml/parse-manifests.ts';
import { evaluateJsonnet, type Evaluated, jsonnetVersion, type JsonnetOptions } from './jsonnet.ts';
import { findManifestFiles, type ManifestFile } from './find-files.ts';
import {
  type JinjaOptions,
  nunjucksVersion,
  renderTemplates,
  withoutTemplateEnding,
} from './jinja/templates.ts';

export interface DirectoryGeneratorOptions {
  /** Sum of all manifest files of one application. Default 10,000,000, as Argo CD has it. */
  readonly maxBytes?: number;
  /** How `.jsonnet` files are evaluated. Without it they are an error. */
  readonly jsonnet?: JsonnetOptions;
  /** Where Jinja2 templates are rendered. Without it they are an error. */
  readonly jinja?: JinjaOptions;
}

const SKIP_MARKER = '+argocd:skip-file-rendering';
const PARALLEL_READS = 16;

/**
 * Plain manifests in a folder: `.yaml`, `.yml`, `.json` and `.jsonnet` files, with `recurse`, `include`
 * and `exclude`; and Jinja2 templates of such files where `directory.jinja` is set.
 *
 * Settings (`settings.Directory`): `jsonnet`, default true; false passes `.jsonnet` files over.
 * Errors: `InvalidManifest` with file and line, `LimitExceeded`, `PathNotFound`, `UnsafePath`; for
 * Jsonnet see `evaluateJsonnet`, for templates `renderTemplates`.
 */
export function createDirectoryGenerator(options: DirectoryGeneratorOptions = {}): Generator {
  const maxBytes = options.maxBytes ?? 10_000_000;
  const { jsonnet } = options;
  const remembered = jsonnet === undefined ? undefined : rememberVersions(jsonnet);
  return {
    name: 'Directory',
    async version(signal) {
      const own = `directory 3, ${nunjucksVersion()}`;
      if (jsonnet === undefined || remembered === undefined) return `${own}, no jsonnet`;
      return `${own}, ${await versionOfJsonnet(jsonnet, remembered, signal)}`;
    },
    claims: (source) => isMeaningful(source.directory),
    detect: async () => true,
    async generate(request, signal) {
      const { tree, path, source } = request;
      const directory = source.directory ?? {};
      const found = await findManifestFiles(tree, path, directory, signal);
      const allowJsonnet = request.settings['jsonnet'] !== false;
      const files = allowJsonnet ? found : found.filter(({ format }) => format !== 'jsonnet');
      const texts = await mapLimit(
        files,
        PARALLEL_READS,
        async (file, stop) => decodeText(await tree.read(file.path, { maxBytes }, stop)),
        signal,
      );
      const read = files.map((file, index) => ({ ...file, text: texts[index] ?? '' }));
      const wanted = read.filter(({ text }) => !text.includes(SKIP_MARKER));
      checkSize(wanted, path, maxBytes);
      const rendered = await render(options, request, wanted, maxBytes, signal);
      const programs = wanted.filter(({ format }) => format === 'jsonnet');
      const evaluated = await evaluate(options, request, programs, maxBytes, signal);
      const objects = wanted.flatMap((file) =>
        file.format === 'jsonnet'
          ? (evaluated.objects[programs.indexOf(file)] ?? [])
          : (rendered.get(file) ?? parseFile(file.format, file)),
      );
      return { objects, readSet: [], commands: evaluated.commands };
    },
  };
}

/** A machine without jsonnet renders everything else. */
async function versionOfJsonnet(
  options: JsonnetOptions,
  remembered: AskVersion,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await jsonnetVersion(options, remembered, signal);
  } catch (error) {
    if (!hasCode(error, 'ToolMissing')) throw error;
    return 'no jsonnet';
  }
}

async function evaluate(
  { jsonnet }: DirectoryGeneratorOptions,
  request: GenerateRequest,
  files: readonly FileText[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<Evaluated> {
  const [first] = files;
  if (first === undefined) return { objects: [], commands: [] };
  if (jsonnet !== undefined)
    return await evaluateJsonnet(jsonnet, request, files, maxBytes, signal);
  throw new TiphysError('RenderFailed', `${first.path}: Jsonnet is not set up here`, {
    hint: 'Exclude the file with spec.source.directory.exclude, or commit what it renders to.',
    fields: { path: first.path },
  });
}

/** The objects of each template. */
async function render(
  { jinja }: DirectoryGeneratorOptions,
  request: GenerateRequest,
  files: readonly FileText[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<FileText, readonly KubeObject[]>> {
  const templates = files.filter(({ format }) => format === 'jinja');
  const [first] = templates;
  if (first === undefined) return new Map();
  if (jinja === undefined) {
    throw new TiphysError('RenderFailed', `${first.path}: templates are not set up here`, {
      fields: { path: first.path },
    });
  }
  const paths = templates.map(({ path }) => path);
  const texts = await renderTemplates(jinja, request, paths, maxBytes, signal);
  const made = templates.map((file, index) => ({ ...file, text: texts[index] ?? '' }));
  const plain = files.filter(({ format }) => format !== 'jinja');
  checkSize([...plain, ...made], request.path, maxBytes);
  return new Map(templates.map((file, index) => [file, parseRendered(file.path, texts[index])]));
}

/** What a template makes must be manifests, or nothing. */
function parseRendered(path: string, text = ''): readonly KubeObject[] {
  const file = `output of ${path}`;
  if (!withoutTemplateEnding(path).endsWith('.json')) return parseManifests(text, { file });
  return text.trim() === '' ? [] : toObjects(parseJson(text, file), file);
}

interface FileText extends ManifestFile {
  readonly text: string;
}

/** Jsonnet counts what it makes, not what it is. */
function checkSize(files: readonly FileText[], path: string, maxBytes: number): void {
  const bytes = files
    .filter(({ format }) => format !== 'jsonnet')
    .reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  if (bytes <= maxBytes) return;
  throw new TiphysError(
    'LimitExceeded',
    `${path === '' ? '.' : path}: exceeded max combined manifest file size: ${bytes} of ${maxBytes} bytes`,
  );
}

function parseFile(format: FileText['format'], { path, text }: FileText): readonly KubeObject[] {
  return format === 'json' ? toObjects(parseJson(text, path), path) : parseYamlFile(path, text);
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
