import { isUtf8 } from 'node:buffer';

/**
 * One scalar as kubectl and the API server's tools read it (sigs.k8s.io/yaml over yaml.v2): YAML 1.1
 * booleans, octals and merge keys, no sexagesimal numbers. `kubectl.integration.test.ts` compares.
 */
export type Scalar =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'null' }
  | { readonly type: 'merge' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'integer'; readonly value: number | bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'refused'; readonly reason: string };

/** A number that JSON, or JavaScript, cannot carry without changing it. */
export class UnrepresentableNumber extends Error {
  readonly source: string;
  constructor(source: string) {
    super('the number cannot be represented exactly'); // not which: it may be a Secret's
    this.source = source;
  }
}

const WORDS = new Map<string, Scalar>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, { type: 'null' }] as const),
  ...['y', 'yes', 'true', 'on'].flatMap((word) => spellings(word, true)),
  ...['n', 'no', 'false', 'off'].flatMap((word) => spellings(word, false)),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => float(word, Infinity)),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => float(word, -Infinity)),
  ...['.nan', '.NaN', '.NAN'].map((word) => float(word, Number.NaN)),
  ['<<', { type: 'merge' }],
]);

const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;
const STANDARD = 'tag:yaml.org,2002:';
const TIME =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/;

/** A plain scalar, without a tag. */
export function readPlain(source: string): Scalar {
  const word = WORDS.get(source);
  if (word !== undefined) return word;
  const first = source.charCodeAt(0);
  // `+`, `-`, `.` and digits are all below `:`; nothing else begins a number.
  if (first > 0x39 || first < 0x2b) return { type: 'text', text: source };
  return readNumber(source) ?? { type: 'text', text: source };
}

/** A scalar with an explicit tag, written out in full (`tag:yaml.org,2002:int`, `!mine`). */
export function readTagged(source: string, tag: string): Scalar {
  const kind = tag.startsWith(STANDARD) ? tag.slice(STANDARD.length) : '';
  if (kind === 'binary') return readBinary(source);
  const text: Scalar = { type: 'text', text: source };
  const wanted = RESOLVED[kind];
  if (wanted === undefined) return text; // a tag of somebody's own says nothing to us
  const natural = readPlain(source);
  if (natural.type === wanted) return natural;
  if (wanted === 'float' && natural.type === 'integer' && natural.value <= INT64_MAX) {
    return { type: 'float', value: Number(natural.value) };
  }
  if (kind === 'timestamp' && isTime(source)) return text;
  return { type: 'refused', reason: `the value cannot be read as !!${kind}` };
}

/** The value as JSON has it. Errors: `UnrepresentableNumber`. */
export function valueOf(scalar: Scalar, source: string): string | number | boolean | null {
  switch (scalar.type) {
    case 'text':
      return scalar.text;
    case 'boolean':
      return scalar.value;
    case 'null':
      return null;
    case 'integer':
      return exact(scalar.value, source);
    case 'float':
      if (Number.isFinite(scalar.value)) return scalar.value;
      throw new UnrepresentableNumber(source);
    case 'merge':
    case 'refused':
      return source;
  }
}

/** The value as the key of a map; `undefined` when it cannot be one. */
export function keyOf(scalar: Scalar): string | undefined {
  switch (scalar.type) {
    case 'text':
      return scalar.text;
    case 'boolean':
      return String(scalar.value);
    case 'integer':
      return scalar.value > INT64_MAX ? undefined : String(scalar.value);
    case 'float':
      return floatKey(scalar.value);
    case 'null':
    case 'merge':
    case 'refused':
      return undefined;
  }
}

/** What is digits in JSON. Errors: `UnrepresentableNumber` where digits would be lost. */
export function readInteger(source: string): number | undefined {
  const scalar = readNumber(source);
  return scalar?.type === 'integer' ? exact(scalar.value, source) : undefined;
}

/** Only these are looked into; each says what the text must look like by itself. */
const RESOLVED: Readonly<Record<string, Scalar['type'] | 'time'>> = {
  int: 'integer',
  float: 'float',
  bool: 'boolean',
  null: 'null',
  timestamp: 'time',
};

function readNumber(source: string): Scalar | undefined {
  if (source.startsWith('_')) return undefined;
  // Behind a leading dot they must be between digits; elsewhere they may be anywhere.
  const isKept = source.startsWith('.') && /_(?!\d)|(?<!\d)_/.test(source);
  const plain = isKept ? source : source.replaceAll('_', '');
  const match = INTEGER.exec(plain);
  if (match === null) {
    return FLOAT.test(plain) && Number.isFinite(Number(plain))
      ? { type: 'float', value: Number(plain) }
      : undefined;
  }
  const [, sign, hex, binary, octal, decimal = '0'] = match;
  const digits =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal;
  const near = Number(digits);
  if (Number.isSafeInteger(near)) {
    return { type: 'integer', value: sign === '-' && near !== 0 ? -near : near };
  }
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  // Beyond 64 bits kubectl itself falls back to a float.
  if (value >= INT64_MIN && value <= UINT64_MAX) return { type: 'integer', value };
  return { type: 'float', value: Number(value) };
}

/** What counts is the text that leaves again as JSON; above int64 kubectl rounds as we do. */
function exact(value: number | bigint, source: string): number {
  if (typeof value === 'number') return value;
  const near = Number(value);
  if (value > INT64_MAX || BigInt(String(near)) === value) return near;
  throw new UnrepresentableNumber(source);
}

function readBinary(source: string): Scalar {
  const text = source.replaceAll(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    return { type: 'refused', reason: 'a !!binary value is not base64' };
  }
  const bytes = Buffer.from(text, 'base64');
  return { type: 'text', text: isUtf8(bytes) ? bytes.toString() : replaceInvalid(bytes) };
}

/** One sequence of UTF-8, with every byte as a character; else a byte that is in none. */
const UTF8 =
  /[\0-\x7f]|[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}|[^]/g;

/** As Go does it: U+FFFD for each byte, where JavaScript has one for several. */
function replaceInvalid(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(UTF8, (sequence) =>
      sequence.length === 1 && sequence > '\x7f'
        ? '\ufffd'
        : Buffer.from(sequence, 'latin1').toString(),
    );
}

function isTime(source: string): boolean {
  const [, year = '', month = '', day = ''] = TIME.exec(source) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return year !== '' && date.getUTCMonth() === Number(month) - 1;
}

/** A float as a key has single precision, in the shortest form of Go. */
function floatKey(value: number): string {
  const single = Math.fround(value);
  if (Number.isNaN(single)) return '.nan';
  if (!Number.isFinite(single)) return single > 0 ? '.inf' : '-.inf';
  if (single === 0) return Object.is(single, -0) ? '-0' : '0';
  let precision = 1;
  while (Math.fround(Number(single.toPrecision(precision))) !== single) precision += 1;
  const shortest = roundHalfToEven(single, precision);
  const [mantissa = '', power = '0'] = shortest.split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  return Number(shortest).toFixed(Math.max(0, precision - 1 - exponent));
}

/** So many digits, with a power of ten. JavaScript rounds a half up, Go to the even digit. */
function roundHalfToEven(single: number, precision: number): string {
  const up = single.toExponential(precision - 1);
  const [digits = '', power = ''] = single.toExponential(20).split('e');
  const end = digits.search(/\d/) + precision + (precision > 1 ? 1 : 0); // with the point
  const kept = digits.slice(0, end);
  const isHalf = /^\.?50*$/.test(digits.slice(end));
  if (!isHalf || !/[02468]$/.test(kept)) return up;
  const down = `${kept}e${power}`;
  return Math.fround(Number(down)) === single ? down : up;
}

function spellings(word: string, value: boolean): readonly (readonly [string, Scalar])[] {
  const capital = word.slice(0, 1).toUpperCase() + word.slice(1);
  return [word, capital, word.toUpperCase()].map((text) => [text, { type: 'boolean', value }]);
}

function float(word: string, value: number): readonly [string, Scalar] {
  return [word, { type: 'float', value }];
}
