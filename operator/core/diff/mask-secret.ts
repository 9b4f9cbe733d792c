import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { LAST_APPLIED_ANNOTATION } from './normalise.ts';

const MASK = '++++++++';

/** Members of a Secret that say nothing secret. */
const OPEN: ReadonlySet<string> = new Set(['apiVersion', 'immutable', 'kind', 'metadata', 'type']);

export function isSecret(object: KubeObject): boolean {
  return object.kind === 'Secret' && object.apiVersion === 'v1';
}

/**
 * Versions of one object (desired, live, predicted …) as they may be shown. In Secrets every value
 * but those that describe the object itself becomes a mask, whatever its type; so do the last-applied
 * body and `annotations`. Equal values of a key have equal masks, so that a change still shows.
 * Other kinds are unchanged.
 */
export function maskSecrets<T extends readonly (KubeObject | undefined)[]>(
  versions: T,
  annotations: readonly string[] = [],
): { readonly [K in keyof T]: T[K] } {
  const masks = createMasks();
  const masked = versions.map((version) =>
    version === undefined || !isSecret(version) ? version : mask(version, masks, annotations),
  );
  return masked as unknown as { readonly [K in keyof T]: T[K] };
}

/** A pair of versions; see `maskSecrets`. */
export function maskSecret(
  left: KubeObject,
  right: KubeObject,
  annotations: readonly string[] = [],
): readonly [left: KubeObject, right: KubeObject] {
  return maskSecrets([left, right] as const, annotations);
}

/** The mask of a value at a place: the first gets the shortest, every other one a longer. */
type Masks = (place: string, value: JsonValue | undefined) => string;

function createMasks(): Masks {
  const known = new Map<string, Map<string, string>>();
  return (place, value) => {
    const values = known.get(place) ?? new Map<string, string>();
    known.set(place, values);
    const text = JSON.stringify(value) ?? '';
    const shown = values.get(text) ?? MASK + '++++'.repeat(values.size);
    values.set(text, shown);
    return shown;
  };
}

function mask(secret: KubeObject, masks: Masks, annotations: readonly string[]): KubeObject {
  const masked: Record<string, JsonValue | undefined> = {};
  for (const [field, value] of Object.entries(secret)) {
    if (OPEN.has(field)) masked[field] = value;
    else if (isJsonObject(value))
      masked[field] = Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, masks(`${field}/${key}`, item)]),
      );
    else if (value !== undefined) masked[field] = masks(field, value);
  }
  masked['metadata'] = maskMetadata(secret.metadata, masks, annotations);
  return masked as unknown as KubeObject;
}

function maskMetadata(
  metadata: JsonObject,
  masks: Masks,
  annotations: readonly string[],
): JsonObject {
  const own = metadata['annotations'];
  if (!isJsonObject(own)) return metadata;
  const hidden = new Set([LAST_APPLIED_ANNOTATION, ...annotations]);
  if (!Object.keys(own).some((name) => hidden.has(name))) return metadata;
  const shown = Object.entries(own).map(([name, value]) => [
    name,
    hidden.has(name) ? masks(`annotation/${name}`, value) : value,
  ]);
  return { ...metadata, annotations: Object.fromEntries(shown) as JsonObject };
}

const SHORTEST_SECRET = 4;

/**
 * A message about an object without what the object keeps secret: API servers quote values that they
 * do not like. Other kinds' messages are unchanged.
 */
export function redactSecrets(message: string, versions: readonly KubeObject[]): string {
  const secrets = versions.filter(isSecret);
  if (secrets.length === 0) return message;
  const texts = new Set<string>();
  for (const secret of secrets)
    for (const [field, value] of Object.entries(secret))
      if (!OPEN.has(field)) collect(value, texts);
  let redacted = message.replace(/valueUnstructured\{Value:.*?\}/g, `valueUnstructured{${MASK}}`);
  for (const text of [...texts].toSorted((a, b) => b.length - a.length)) {
    if (text.length >= SHORTEST_SECRET) redacted = redacted.replaceAll(text, MASK);
    // Short ones are part of many words; where a value is quoted they are taken out all the same.
    else if (text !== '') redacted = redacted.replaceAll(JSON.stringify(text), `"${MASK}"`);
  }
  return redacted;
}

function collect(value: JsonValue | undefined, texts: Set<string>): void {
  if (value === undefined || value === null) return;
  if (isJsonArray(value)) for (const item of value) collect(item, texts);
  else if (isJsonObject(value)) for (const item of Object.values(value)) collect(item, texts);
  else {
    texts.add(String(value));
    if (typeof value === 'string') addDecoded(value, texts);
  }
}

/** `data` is base64, and a message may quote what it stands for. */
function addDecoded(text: string, texts: Set<string>): void {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return;
  texts.add(atob(text));
}
