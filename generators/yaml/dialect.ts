import {
  binaryTag,
  boolYaml11Tag,
  defineScalarTag,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  realMapTag,
  Schema,
  seqTag,
  strTag,
} from 'js-yaml';

/** A number that JSON, or JavaScript, cannot carry without changing it. */
export class UnrepresentableNumber extends Error {
  readonly source: string;
  constructor(source: string) {
    super(`the number ${source} cannot be represented exactly`);
    this.source = source;
  }
}

const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const NUMBER_STARTS = [...'+-.0123456789'];
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

/** What kubectl reads as an integer: YAML 1.1 octals, underscores, the prefixes of Go. */
export function readInteger(source: string): number | undefined {
  const match = INTEGER.exec(source.replaceAll('_', ''));
  if (match === null) return undefined;
  const [, sign, hex, binary, octal, decimal = '0'] = match;
  const text =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal;
  const near = Number(text);
  if (Number.isSafeInteger(near)) return sign === '-' && near !== 0 ? -near : near;
  const exact = sign === '-' ? -BigInt(text) : BigInt(text);
  const value = Number(exact);
  // Beyond 64 bits kubectl itself falls back to a float.
  if (exact < INT64_MIN || exact > UINT64_MAX) return value;
  // What counts is the text that leaves again as JSON.
  if (BigInt(String(value)) !== exact) throw new UnrepresentableNumber(source);
  return value;
}

function readFloat(source: string): number | undefined {
  if (NOT_FINITE.test(source)) throw new UnrepresentableNumber(source);
  const plain = source.replaceAll('_', '');
  if (!FLOAT.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

const integerTag = defineScalarTag('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: NUMBER_STARTS,
  resolve: (source) => readInteger(source) ?? NOT_RESOLVED,
  identify: () => false,
});

const floatTag = defineScalarTag('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: NUMBER_STARTS,
  resolve: (source) => readFloat(source) ?? NOT_RESOLVED,
  identify: () => false,
});

const timestampAsText = defineScalarTag('tag:yaml.org,2002:timestamp', {
  resolve: (source) => source,
  identify: () => false,
});

const binaryAsText = defineScalarTag('tag:yaml.org,2002:binary', {
  resolve(source, isExplicit, tagName) {
    const bytes = binaryTag.resolve(source, isExplicit, tagName);
    return bytes === NOT_RESOLVED ? NOT_RESOLVED : Buffer.from(bytes as Uint8Array).toString();
  },
  identify: () => false,
});

/** A tag of somebody's own says nothing to us. */
const foreignTag = defineScalarTag('!', {
  matchByTagPrefix: true,
  resolve: (source) => source,
  identify: () => false,
});

/**
 * YAML as kubectl and the API server's tools read it (sigs.k8s.io/yaml): YAML 1.1 booleans, octals
 * and merge keys, no timestamps, no sexagesimal numbers. Each rule was compared with
 * kubectl 1.36 (`kubectl label --local -o json`); `dialect.test.ts` has the table.
 */
export const KUBERNETES_SCHEMA: Schema = new Schema([
  strTag,
  seqTag,
  mapTag,
  nullYaml11Tag,
  boolYaml11Tag,
  integerTag,
  floatTag,
  mergeTag,
  timestampAsText,
  binaryAsText,
  foreignTag,
]);

/**
 * The same with `Map`s, whose keys keep their type. Slower, and right in one case more: a merge of which
 * a key that is no text (`8080`, `y`) is overridden.
 */
export const KUBERNETES_SCHEMA_WITH_MAPS: Schema = KUBERNETES_SCHEMA.withTags(realMapTag);
