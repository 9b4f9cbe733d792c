import { parseEvents, YAMLException } from 'js-yaml';
import { TiphysError } from '../../operator/core/errors.ts';
import type { JsonValue } from '../../operator/core/objects/json.ts';
import { constructDocuments } from './construct.ts';
import { readInteger, UnrepresentableNumber } from './scalars.ts';
import { type Chunk, splitDocuments } from './split-documents.ts';

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
  /**
   * Lines, commas and brackets in one document: no value is without one of them, and each takes some
   * 200 bytes while the document is read.
   */
  readonly maxMarks: number;
}

export const DEFAULT_YAML_LIMITS: YamlLimits = {
  maxBytes: 100_000_000,
  maxDocuments: 20_000,
  maxDepth: 100,
  maxAliases: 1_000,
  maxValues: 3_000_000,
  maxMarks: 500_000,
};

export interface ParseOptions {
  /** Shown in errors: the file, or the program whose output this is. */
  readonly file: string;
  readonly limits?: YamlLimits;
}

/**
 * The documents of a YAML text as JSON values; empty ones are left out.
 * Errors: `InvalidManifest` naming file and line, also for an integer that would lose digits;
 * `LimitExceeded`.
 */
export function parseDocuments(text: string, options: ParseOptions): readonly JsonValue[] {
  const limits = options.limits ?? DEFAULT_YAML_LIMITS;
  if (text.length > limits.maxBytes) {
    throw exceeded(options.file, `larger than ${limits.maxBytes} bytes`);
  }
  const documents = load(text, options.file, limits).filter((document) => document !== null);
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
    if (error instanceof UnrepresentableNumber) {
      throw tooPrecise(file, { text, linesBefore: 0 }, error);
    }
    const reason = withoutExcerpt(String(error));
    const message = /non-whitespace character after JSON/.test(reason)
      ? `Found multiple objects in "${file}". Only single objects are allowed in JSON files.`
      : `${file}: ${reason}`;
    throw new TiphysError('InvalidManifest', message, { fields: { file } });
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
  const chunks = splitDocuments(text.includes('\x85') ? text.replaceAll('\x85', '\n') : text);
  if (chunks.length > limits.maxDocuments) {
    throw exceeded(file, `more than ${limits.maxDocuments} documents`);
  }
  checkMarks(chunks, file, limits);
  return chunks.map((chunk) => loadOne(chunk, file, limits));
}

/** Bounds the memory before it is taken, by what can be counted without reading. */
function checkMarks(
  chunks: readonly Chunk[],
  file: string,
  { maxMarks, maxValues }: YamlLimits,
): void {
  let total = 0;
  for (const { text, linesBefore } of chunks) {
    const marks = countMarks(text);
    total += marks;
    if (marks > maxMarks) {
      const place = `${file}:${linesBefore + 1}`;
      throw exceeded(place, `a document with more than ${maxMarks} lines, commas and brackets`);
    }
  }
  if (total > maxValues) throw exceeded(file, `more than ${maxValues} lines, commas and brackets`);
}

function countMarks(text: string): number {
  let marks = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === LINE || code === COMMA || code === BRACKET || code === BRACE) marks += 1;
  }
  return marks;
}

const [LINE, COMMA, BRACKET, BRACE] = [10, 44, 91, 123] as const;

function loadOne(chunk: Chunk, file: string, limits: YamlLimits): JsonValue {
  const { maxDepth, maxAliases, maxValues } = limits;
  const bad = NOT_PRINTABLE.exec(chunk.text);
  try {
    if (bad !== null) {
      YAMLException.throwAt(chunk.text, bad.index, 'control characters are not allowed');
    }
    const { events, text } = parseIndented(chunk.text, maxDepth);
    const read = constructDocuments(events, text, { maxAliases, maxMergedKeys: maxValues });
    const [document = null, ...more] = read;
    if (more.length > 0) {
      const place = `${file}:${chunk.linesBefore + 1}`;
      throw new TiphysError(
        'InvalidManifest',
        `${place}: has another document on a line with ---`,
        {
          hint: 'Put nothing but a comment behind the three dashes.',
          fields: { file },
        },
      );
    }
    return document;
  } catch (error) {
    if (error instanceof UnrepresentableNumber) throw tooPrecise(file, chunk, error);
    throw broken(file, chunk.linesBefore, error);
  }
}

const NOT_PRINTABLE = /[\x7f-\x84\x86-\x9f\ufffe\uffff]/;
const MAX_REPAIRS = 1_000;
const MAX_REPAIRED_CHARACTERS = 200_000_000;

/**
 * Lines within brackets and quotes may begin further left than the block they are in, which the parser
 * refuses and kubectl does not. Blanks at the beginning of such a line mean nothing, so it gets some.
 */
function parseIndented(
  source: string,
  maxDepth: number,
): { readonly events: ReturnType<typeof parseEvents>; readonly text: string } {
  let text = source;
  for (let repairs = 0; ; repairs += 1) {
    try {
      return { events: parseEvents(text, { maxDepth }), text };
    } catch (error) {
      if (!(error instanceof YAMLException) || error.reason !== 'deficient indentation')
        throw error;
      const line = error.mark?.line;
      if (line === undefined || repairs >= MAX_REPAIRS) throw error;
      if (repairs * text.length > MAX_REPAIRED_CHARACTERS) throw error;
      const next = indentLine(text, line, maxDepth * 10);
      if (next === undefined) throw error;
      text = next;
    }
  }
}

/** `undefined` when that was done before, and did not help. */
function indentLine(text: string, line: number, blanks: number): string | undefined {
  let start = 0;
  for (let count = 0; count < line; count += 1) start = text.indexOf('\n', start) + 1;
  if (text.startsWith(' '.repeat(blanks), start)) return undefined;
  return text.slice(0, start) + ' '.repeat(blanks) + text.slice(start);
}

/**
 * The parsers' own errors quote the text, which may be that of a Secret: they are neither repeated nor
 * kept as a cause, since a log shows causes too. The line says where to look.
 */
function broken(file: string, linesBefore: number, error: unknown): unknown {
  if (error instanceof TiphysError) return error;
  if (!(error instanceof YAMLException))
    return new TiphysError('InvalidManifest', `${file}: ${withoutExcerpt(String(error))}`);
  if (/exceeded max/.test(error.reason)) return exceeded(file, error.reason);
  const line = linesBefore + (error.mark?.line ?? 0) + 1;
  const reason = withoutExcerpt(error.reason);
  return new TiphysError('InvalidManifest', `${file}:${line}: ${reason}`, {
    ...(/^(?:unidentified alias|undeclared tag)/.test(reason)
      ? { hint: 'Put the value into quotes if a text is meant that begins with * or !.' }
      : {}),
    fields: { file, line },
  });
}

/** `Unexpected token 'x', ..."a": xyz"... is not valid JSON` → `Unexpected token, is not valid JSON`. */
function withoutExcerpt(reason: string): string {
  return reason
    .replace(/^\w*Error: /, '')
    .replace(/(?:\.\.\.)?".*"(?:\.\.\.)?/s, '')
    .replace(/^Unexpected token '.*?',/s, 'Unexpected token,')
    .replace(/^(tag name cannot contain such characters): .*/s, '$1')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
}

function tooPrecise(file: string, chunk: Chunk, error: UnrepresentableNumber): TiphysError {
  const { text, linesBefore } = chunk;
  const line = linesBefore + text.slice(0, text.indexOf(error.source)).split('\n').length;
  return new TiphysError('InvalidManifest', `${file}:${line}: ${error.message}`, {
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
