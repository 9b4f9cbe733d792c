import { TiphysError } from '../../operator/core/errors.ts';
import type { KustomizeSource } from '../../operator/core/app/types.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../operator/core/objects/json.ts';
import { substitute, type Variables } from '../build-environment.ts';
import { editImages } from './images.ts';

/**
 * A kustomization with the fields of `source.kustomize` worked in, as `kustomize edit` would: pure,
 * the file is data. `components` are those that are to be added, missing ones left out before.
 * Errors: `InvalidSpec` naming the field.
 */
export function editKustomization(
  file: JsonObject,
  source: KustomizeSource,
  components: readonly string[],
  variables: Variables,
): JsonObject {
  const edits: Record<string, JsonValue | undefined> = {};
  if (isSet(source.namePrefix)) edits['namePrefix'] = source.namePrefix;
  if (isSet(source.nameSuffix)) edits['nameSuffix'] = source.nameSuffix;
  if (isSet(source.namespace)) edits['namespace'] = source.namespace;
  if (source.images?.length) {
    const images = source.images.map((image) => substitute(image, variables));
    edits['images'] = editImages(listOf(file, 'images'), images);
  }
  if (source.replicas?.length) {
    edits['replicas'] = editReplicas(listOf(file, 'replicas'), source.replicas);
  }
  Object.assign(
    edits,
    editLabels(file, source, variables),
    editAnnotations(file, source, variables),
  );
  if (source.patches?.length) {
    edits['patches'] = [...listOf(file, 'patches'), ...(source.patches as unknown as JsonValue[])];
  }
  if (components.length > 0) {
    edits['components'] = [...new Set([...listOf(file, 'components'), ...components])];
  }
  return { ...file, ...edits };
}

function editReplicas(
  existing: readonly JsonValue[],
  replicas: NonNullable<KustomizeSource['replicas']>,
): JsonValue {
  const wanted = new Map(replicas.map(({ name, count }) => [name, readCount(count)]));
  const others = existing.filter((entry) => !isJsonObject(entry) || !wanted.has(nameOf(entry)));
  return [...others, ...Array.from(wanted, ([name, count]) => ({ name, count }))];
}

function readCount(count: number | string): number {
  const value =
    typeof count === 'number' ? count : /^\d+$/.test(count) ? Number(count) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new TiphysError(
    'InvalidSpec',
    `spec.source.kustomize.replicas: expected integer value for count. Received: ${count}`,
  );
}

function editLabels(file: JsonObject, source: KustomizeSource, variables: Variables): JsonObject {
  const labels = Object.entries(source.commonLabels ?? {});
  if (labels.length === 0) return {};
  const pairs = Object.fromEntries(labels.map(([key, text]) => [key, substitute(text, variables)]));
  const force = source.forceCommonLabels === true;
  if (source.labelWithoutSelector !== true) {
    if (source.labelIncludeTemplates === true) {
      throw new TiphysError(
        'InvalidSpec',
        'spec.source.kustomize.labelIncludeTemplates: is only valid with labelWithoutSelector',
      );
    }
    return { commonLabels: addPairs(mapOf(file, 'commonLabels'), pairs, force, 'label') };
  }
  const includeTemplates = source.labelIncludeTemplates === true;
  const entries = listOf(file, 'labels').filter(isJsonObject);
  const same = entries.find((entry) => isSameKind(entry, includeTemplates));
  const others = entries.filter((entry) => entry !== same);
  const merged = addPairs(mapOf(same ?? {}, 'pairs'), pairs, force, 'label');
  return {
    labels: [...others, { ...same, pairs: merged, ...(includeTemplates && { includeTemplates }) }],
  };
}

function isSameKind(entry: JsonObject, includeTemplates: boolean): boolean {
  if (entry['includeSelectors'] === true || entry['fields'] !== undefined) return false;
  return (entry['includeTemplates'] === true) === includeTemplates;
}

function editAnnotations(
  file: JsonObject,
  source: KustomizeSource,
  variables: Variables,
): JsonObject {
  const annotations = Object.entries(source.commonAnnotations ?? {});
  if (annotations.length === 0) return {};
  const isSubstituted = source.commonAnnotationsEnvsubst === true;
  const pairs = Object.fromEntries(
    annotations.map(([key, text]) => [key, isSubstituted ? substitute(text, variables) : text]),
  );
  const force = source.forceCommonAnnotations === true;
  const known = mapOf(file, 'commonAnnotations');
  return { commonAnnotations: addPairs(known, pairs, force, 'annotation') };
}

function addPairs(
  known: JsonObject,
  pairs: JsonObject,
  force: boolean,
  what: 'label' | 'annotation',
): JsonObject {
  const clash = Object.keys(pairs).find((key) => Object.hasOwn(known, key));
  if (clash !== undefined && !force) {
    const flag = what === 'label' ? 'forceCommonLabels' : 'forceCommonAnnotations';
    throw new TiphysError('InvalidSpec', `${what} ${clash} already in kustomization file`, {
      hint: `Set spec.source.kustomize.${flag} to replace it.`,
    });
  }
  return { ...known, ...pairs };
}

/** The list under a field; absent and null are empty. Errors: `InvalidManifest` when it is no list. */
export function listOf(file: JsonObject, field: string): readonly JsonValue[] {
  const value = file[field] ?? [];
  if (isJsonArray(value)) return value;
  throw new TiphysError('InvalidManifest', `kustomization file: ${field} is not a list`);
}

function mapOf(file: JsonObject, field: string): JsonObject {
  const value = file[field] ?? {};
  if (isJsonObject(value)) return value;
  throw new TiphysError('InvalidManifest', `kustomization file: ${field} is not a map`);
}

export function nameOf(entry: JsonObject): string {
  return typeof entry['name'] === 'string' ? entry['name'] : '';
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
