import { TiphysError } from '../../operator/core/errors.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../operator/core/objects/json.ts';
import { isKubeObject, type KubeObject } from '../../operator/core/objects/kube-object.ts';
import { parseDocuments, type ParseOptions } from './parse-documents.ts';

/**
 * The Kubernetes objects in a YAML text, in order; lists are replaced by their items.
 * Errors: `InvalidManifest` naming the file and the document, `LimitExceeded`.
 */
export function parseManifests(text: string, options: ParseOptions): readonly KubeObject[] {
  return parseDocuments(text, options).flatMap((document, index) =>
    toObjects(document, `${options.file}: document ${index + 1}`),
  );
}

/**
 * The objects that one document stands for: itself, or the items of a list (one level). An object
 * with `items: null` and neither spec nor status is an empty list.
 * Errors: `InvalidManifest` when something is no Kubernetes object; `subject` says where.
 */
export function toObjects(document: JsonValue, subject: string): readonly KubeObject[] {
  if (isJsonObject(document) && Object.hasOwn(document, 'items')) {
    const { items } = document;
    if (isJsonArray(items)) {
      return items.map((item, index) => toObject(item, `${subject}: item ${index + 1}`));
    }
    if (items === null && document['spec'] === undefined && document['status'] === undefined) {
      return [];
    }
  }
  return [toObject(document, subject)];
}

/** True when a document says what kind it is: what has none is not meant for Kubernetes. */
export function hasKind(document: JsonValue): document is JsonObject {
  return isJsonObject(document) && typeof document['kind'] === 'string' && document['kind'] !== '';
}

function toObject(value: JsonValue, subject: string): KubeObject {
  if (isKubeObject(value) && value.kind !== '' && value.apiVersion !== '') {
    checkNames(value.metadata, `${subject}: metadata`);
    checkText(value.metadata.labels, `${subject}: metadata.labels`);
    checkText(value.metadata.annotations, `${subject}: metadata.annotations`);
    return value;
  }
  throw new TiphysError('InvalidManifest', `${subject}: ${whatIsMissing(value)}`);
}

function whatIsMissing(value: JsonValue): string {
  if (!isJsonObject(value)) return 'is not an object';
  for (const field of ['apiVersion', 'kind'] as const) {
    if (typeof value[field] !== 'string' || value[field] === '') return `has no ${field}`;
  }
  return 'has no metadata';
}

/** `name: y` is a boolean to Kubernetes, and `name: 1` a number. */
function checkNames(metadata: JsonObject, subject: string): void {
  for (const field of ['name', 'generateName', 'namespace'] as const) {
    const value = metadata[field];
    if (value === undefined || value === null || typeof value === 'string') continue;
    throw new TiphysError(
      'InvalidManifest',
      `${subject}.${field}: is ${typeof value === 'object' ? 'no text' : `the ${typeof value} ${String(value)}`}`,
      { hint: 'Put the value into quotes.' },
    );
  }
}

/** Labels and annotations are texts; `true` and `1` without quotes are what people write by mistake. */
function checkText(map: JsonValue | undefined, subject: string): void {
  if (map === undefined || map === null) return;
  if (!isJsonObject(map)) throw new TiphysError('InvalidManifest', `${subject}: is not a map`);
  for (const [key, value] of Object.entries(map)) {
    if (typeof value === 'string' || value === null) continue;
    throw new TiphysError(
      'InvalidManifest',
      `${subject}: contains non-string value in the map under key "${key}"`,
      { hint: 'Put the value into quotes.' },
    );
  }
}
