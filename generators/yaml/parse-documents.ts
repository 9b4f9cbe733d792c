import { loadAll, YAMLException } from 'js-yaml';
import { TiphysError } from '../../operator/core/errors.ts';
import type { JsonValue } from '../../operator/core/objects/json.ts';
import {
  KUBERNETES_SCHEMA,
  KUBERNETES_SCHEMA_WITH_MAPS,
  readInteger,
  UnrepresentableNumber,
} from './dialect.ts';

/** Bounds on one text, against input that is small on disk and huge in memory. */
export interface YamlLimits {
  readonly maxBytes: number;
  readonly maxDocuments: number;
  /** Deepest nesting of lists and maps. */
  readonly maxDepth: number;
  /** References (`*name`) in one document. */
  readonly maxAliases: number;
  /** Values in one text after all references have been written out. */
  readonly maxValues: number;
}

export const DEFAULT_YAML_LIMITS: YamlLimits = {
  maxBytes: 100_000_000,
  maxDocuments: 20_000,
  maxDepth: 100,
  maxAliases: 1_000,
  maxValues: 5_000_000,
};

export interface ParseOptions {
  /** Shown in errors: the file, or the program whose output this is. */
  readonly file: string;
  readonly limits?: YamlLimits;
}

/**
 * The documents of a YAML text as JSON values; empty ones are left out.
 * Errors: `InvalidManifest` naming file and line, also for a key that stands twice and for an
 * integer that would lose digits; `LimitExceeded`.
 */
export function parseDocuments(text: string, options: ParseOptions): readonly JsonValue[] {
  const limits = options.limits ?? DEFAULT_YAML_LIMITS;
  if (text.length > limits.maxBytes) {
    throw exceeded(options.file, `larger than ${limits.maxBytes} bytes`);
  }
  const documents = load(text, options.file, limits).filter((document) => document !== null);
  if (documents.length > limits.maxDocuments) {
    throw exceeded(options.file, `more than ${limits.maxDocuments} documents`);
  }
  // Without an anchor every value was written out in the text, which is bounded already.
  if (text.includes('&')) checkSize(documents, options.file, limits);
  return documents;
}

/**
 * The one value of a JSON text. Errors: `InvalidManifest`, also when a second value follows and for
 * an integer that would lose digits.
 */
export function parseJson(text: string, file: string): JsonValue {
  try {
    // Looking at every number costs; only a long run of digits can be too large.
    return JSON.parse(text, /\d{16}/.test(text) ? exactNumber : undefined) as JsonValue;
  } catch (error) {
    if (error instanceof UnrepresentableNumber) throw tooPrecise(file, text, error);
    const several = /non-whitespace character after JSON/.test(String(error));
    const reason = several
      ? `Found multiple objects in "${file}". Only single objects are allowed in JSON files.`
      : `${file}: ${error instanceof Error ? error.message : String(error)}`;
    throw new TiphysError('InvalidManifest', reason, { cause: error, fields: { file } });
  }
}

/** Text of a file: UTF-8, or UTF-16 where a byte order mark says so. */
export function decodeText(content: Buffer): string {
  if (content[0] === 0xff && content[1] === 0xfe) return content.toString('utf16le', 2);
  if (content[0] === 0xfe && content[1] === 0xff) {
    const even = content.subarray(2, content.length - (content.length % 2));
    return Buffer.from(even).swap16().toString('utf16le');
  }
  const start = content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf ? 3 : 0;
  return content.toString('utf8', start);
}

function load(text: string, file: string, limits: YamlLimits): readonly JsonValue[] {
  const { maxDepth, maxAliases } = limits;
  try {
    // The schema yields nothing but JSON values: no dates, no bytes, no infinities.
    return loadAll(text, { schema: KUBERNETES_SCHEMA, maxDepth, maxAliases }) as JsonValue[];
  } catch (error) {
    if (isDuplicate(error) && text.includes('<<')) {
      return loadWithMaps(text, file, { maxDepth, maxAliases });
    }
    if (error instanceof UnrepresentableNumber) throw tooPrecise(file, text, error);
    throw broken(file, error);
  }
}

function isDuplicate(error: unknown): boolean {
  return error instanceof YAMLException && error.reason === 'duplicated mapping key';
}

function loadWithMaps(
  text: string,
  file: string,
  limits: { readonly maxDepth: number; readonly maxAliases: number },
): readonly JsonValue[] {
  try {
    return loadAll(text, { schema: KUBERNETES_SCHEMA_WITH_MAPS, ...limits }).map((document) =>
      mapsToObjects(document, new Map()),
    );
  } catch (error) {
    throw broken(file, error);
  }
}

/** One object for one map, so that references stay references. */
function mapsToObjects(value: unknown, done: Map<unknown, JsonValue>): JsonValue {
  const known = done.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: JsonValue[] = [];
    done.set(value, list);
    for (const item of value) list.push(mapsToObjects(item, done));
    return list;
  }
  if (!(value instanceof Map)) return value as JsonValue; // scalars of the schema are JSON values
  const object: Record<string, JsonValue> = {};
  done.set(value, object);
  for (const [key, member] of value) {
    // Defined, not assigned: `__proto__` is a key like any other.
    const property = { value: mapsToObjects(member, done), enumerable: true, writable: true };
    Object.defineProperty(object, String(key), { ...property, configurable: true });
  }
  return object;
}

function broken(file: string, error: unknown): TiphysError {
  if (!(error instanceof YAMLException)) {
    const reason = error instanceof Error ? error.message : String(error);
    return new TiphysError('InvalidManifest', `${file}: ${reason}`, { cause: error });
  }
  if (/exceeded max/.test(error.reason)) return exceeded(file, error.reason);
  const line = (error.mark?.line ?? 0) + 1;
  return new TiphysError('InvalidManifest', `${file}:${line}: ${error.reason}`, {
    cause: error,
    fields: { file, line },
  });
}

function tooPrecise(file: string, text: string, error: UnrepresentableNumber): TiphysError {
  const line = text.slice(0, text.indexOf(error.source)).split('\n').length;
  return new TiphysError('InvalidManifest', `${file}:${line}: ${error.message}`, {
    cause: error,
    hint: 'Put the number into quotes if text is meant.',
    fields: { file, line },
  });
}

function exceeded(file: string, reason: string): TiphysError {
  return new TiphysError('LimitExceeded', `${file}: ${reason}`, { fields: { file } });
}

function exactNumber(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  const source = context?.source;
  if (typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source)) {
    readInteger(source); // throws where digits would be lost
  }
  return value;
}

/** Counts values with every reference written out; a reference to its own holder never ends. */
function checkSize(documents: readonly JsonValue[], file: string, limits: YamlLimits): void {
  const sizes = new Map<object, number>();
  const open = new Set<object>();

  function sizeOf(value: JsonValue): number {
    if (typeof value !== 'object' || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (open.has(value)) throw exceeded(file, 'a reference leads back to itself');
    open.add(value);
    let size = 1;
    for (const member of Object.values(value)) size += sizeOf(member as JsonValue);
    open.delete(value);
    sizes.set(value, size);
    return size;
  }

  const total = documents.reduce<number>((sum, document) => sum + sizeOf(document), 0);
  if (total > limits.maxValues) {
    throw exceeded(
      file,
      `more than ${limits.maxValues} values when its references are written out`,
    );
  }
}
