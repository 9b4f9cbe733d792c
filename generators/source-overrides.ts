import { TiphysError } from '../operator/core/errors.ts';
import type { ApplicationSource } from '../operator/core/app/types.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../operator/core/objects/json.ts';
import type { SelectRequest } from '../operator/ports/generator.ts';
import { decodeText, parseDocuments } from './yaml/parse-documents.ts';

const MAX_BYTES = 1_000_000;

/** What an override file may not change: it would make the folder name another folder. */
const FIXED = ['repoURL', 'targetRevision', 'path', 'chart'] as const;

/**
 * The source with `.argocd-source.yaml` and then `.argocd-source-<instance>.yaml` of its folder
 * merged in: maps merge, lists and values replace, `null` changes nothing.
 * Errors: `InvalidSpec` when a file is no map, `InvalidManifest` when it is no YAML.
 */
export async function mergeSourceOverrides(
  request: SelectRequest,
  signal: AbortSignal,
): Promise<ApplicationSource> {
  let source = request.source;
  for (const name of ['.argocd-source.yaml', `.argocd-source-${request.instance}.yaml`]) {
    const file = request.path === '' ? name : `${request.path}/${name}`;
    const entry = await request.tree.resolve(file, signal);
    if (entry?.type !== 'file') continue;
    const content = await request.tree.read(file, { maxBytes: MAX_BYTES }, signal);
    const [override, ...more] = parseDocuments(decodeText(content), { file });
    if (override === undefined) continue;
    if (!isJsonObject(override) || more.length > 0) {
      throw new TiphysError('InvalidSpec', `${file}: must be one map of source fields`);
    }
    source = applyOverride(source, override);
  }
  return source;
}

function applyOverride(source: ApplicationSource, override: JsonObject): ApplicationSource {
  const merged: Record<string, JsonValue | undefined> = {
    ...merge(source as unknown as JsonObject, override), // a parsed source is JSON
  };
  for (const field of FIXED) {
    if (source[field] === undefined) delete merged[field];
    else merged[field] = source[field];
  }
  return merged as unknown as ApplicationSource;
}

function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, JsonValue | undefined> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) continue;
    const before = result[key];
    result[key] = isJsonObject(value) && isJsonObject(before) ? merge(before, value) : value;
  }
  return result;
}
