import { TiphysError } from '../../../operator/core/errors.ts';
import type { JinjaSource } from '../../../operator/core/app/types.ts';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../operator/core/objects/json.ts';
import type { GenerateRequest } from '../../../operator/ports/generator.ts';
import { buildEnvironment, substitute, type Variables } from '../../build-environment.ts';
import { locateFile, treeOf } from '../../source-file.ts';
import { decodeText, parseDocuments } from '../../yaml/parse-documents.ts';

/**
 * What templates see: values files in their order, maps merged and everything else replaced, then
 * parameters. `maxBytes` bounds all files together.
 * Errors: `PathNotFound`, `UnsafePath`, `InvalidSpec`, `InvalidManifest`, `LimitExceeded`.
 */
export async function templateValues(
  request: GenerateRequest,
  jinja: JinjaSource,
  maxBytes: number,
  signal: AbortSignal,
): Promise<JsonObject> {
  const variables = buildEnvironment(request);
  let values: JsonObject = {};
  let left = maxBytes;
  for (const entry of jinja.valueFiles ?? []) {
    const content = await readValueFile(request, entry, jinja, variables, left, signal);
    if (content === undefined) continue;
    left -= content.length;
    const [document, ...more] = parseDocuments(decodeText(content), { file: entry });
    if (document === undefined) continue;
    if (!isJsonObject(document) || more.length > 0) {
      throw new TiphysError('InvalidManifest', `${entry}: values must be one map`);
    }
    values = merge(values, document);
  }
  return (jinja.parameters ?? []).reduce(
    (result, { name, value, forceString }) =>
      setAt(result, pathOf(name), readValue(substitute(value, variables), forceString === true)),
    values,
  );
}

async function readValueFile(
  request: GenerateRequest,
  entry: string,
  { ignoreMissingValueFiles }: JinjaSource,
  variables: Variables,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const file = locateFile(request, entry, variables, []);
  if (file.type === 'url') throw new TiphysError('InvalidSpec', `${entry}: is no file`);
  const tree = treeOf(request, file.ref);
  if ((await tree.resolve(file.path, signal))?.type === 'file') {
    return await tree.read(file.path, { maxBytes }, signal);
  }
  if (ignoreMissingValueFiles === true) return undefined;
  throw new TiphysError('PathNotFound', `values file "${entry}" does not exist`, {
    hint: 'Commit the file, or set jinja.ignoreMissingValueFiles.',
  });
}

function merge(values: JsonObject, stronger: JsonObject): JsonObject {
  const result = new Map(Object.entries(values));
  for (const [key, value] of Object.entries(stronger)) {
    const before = result.get(key);
    const both = isJsonObject(before) && isJsonObject(value);
    result.set(key, both ? merge(before, value) : value);
  }
  return Object.fromEntries(result);
}

function pathOf(name: string): readonly string[] {
  const names = name.split('.');
  if (!names.includes('')) return names;
  throw new TiphysError(
    'InvalidSpec',
    `spec.source.directory.jinja.parameters: "${name}" is no name of a value, such as image.tag`,
  );
}

function setAt(values: JsonObject, path: readonly string[], value: JsonValue): JsonObject {
  const [name = '', ...rest] = path;
  const before = Object.hasOwn(values, name) ? values[name] : undefined;
  const inner = rest.length === 0 ? value : setAt(isJsonObject(before) ? before : {}, rest, value);
  return Object.fromEntries([...Object.entries(values), [name, inner]]);
}

/** `true`, `false`, `null` and numbers as JSON writes them are what they say; everything else is text. */
function readValue(text: string, forceString: boolean): JsonValue {
  const isLiteral = /^(?:true|false|null|-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?)$/.test(text);
  return isLiteral && !forceString ? (JSON.parse(text) as JsonValue) : text;
}
