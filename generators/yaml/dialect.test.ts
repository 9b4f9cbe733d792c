import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../../operator/core/errors.ts';
import type { JsonValue } from '../../operator/core/objects/json.ts';
import { decodeText, DEFAULT_YAML_LIMITS, parseDocuments, parseJson } from './parse-documents.ts';
import { parseManifests } from './parse-manifests.ts';

// What `kubectl label --local -o json` (1.36.3) made of each of these.
const scalars: readonly (readonly [source: string, value: JsonValue])[] = [
  ['y', true],
  ['n', false],
  ['yes', true],
  ['Off', false],
  ['0644', 420],
  ['0o14', 12],
  ['08', 8],
  ['-0644', -420],
  ['-0o7', -7],
  ['1e3', 1000],
  ['1e+3', 1000],
  ['1.e3', 1000],
  ['1e500', '1e500'],
  ['0x1F', 31],
  ['0x_1F', 31],
  ['0x', '0x'],
  ['0b11', 3],
  ['0b12', '0b12'],
  ['0o9', '0o9'],
  ['1_000', 1000],
  ['1_0.5', 10.5],
  ['_1', '_1'],
  ['0_8', 8],
  ['12:30:45', '12:30:45'],
  ['2024-01-02', '2024-01-02'],
  ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05Z'],
  ['~', null],
  ['Null', null],
  ['.5', 0.5],
  ['+1', 1],
  ['+.5', 0.5],
  ['1.', 1],
  ['=', '='],
  ['<<', '<<'],
  ['18446744073709551616', 18446744073709552000],
  ['!!str 5', '5'],
  ['!!int "7"', 7],
  ['!!binary aGVsbG8=', 'hello'],
  ['!!timestamp 2020-01-01', '2020-01-01'],
  ['!foo bar', 'bar'],
  ['{1: b, true: c, 1.5: d}', { '1': 'b', true: 'c', '1.5': 'd' }],
];

describe('the Kubernetes dialect', () => {
  for (const [source, value] of scalars) {
    test(`${source} is ${JSON.stringify(value)}`, () => {
      assert.deepEqual(parseDocuments(`- ${source}`, { file: 'f' }), [[value]]);
    });
  }

  test('merge keys are merged, and own keys win', () => {
    const text = 'base: &b {x: 1, 8080: 1}\nmore: {<<: *b, x: 2, 8080: 2}';
    assert.deepEqual(parseDocuments(text, { file: 'f' }), [
      { base: { x: 1, '8080': 1 }, more: { x: 2, '8080': 2 } },
    ]);
    const repeated = 'a: &a {x: 1}\nb: {<<: *a, z: 1, x: 3, z: {v: 2}}\na: {w: 4}';
    assert.deepEqual(parseDocuments(repeated, { file: 'f' }), [
      { a: { w: 4 }, b: { x: 3, z: { v: 2 } } },
    ]);
  });

  test('empty documents and comments are nothing', () => {
    assert.deepEqual(parseDocuments('---\n# c\n---\na: 1\n---\n', { file: 'f' }), [{ a: 1 }]);
    assert.deepEqual(parseDocuments('', { file: 'f' }), []);
  });

  test('JSON comes back as it went in', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const documents = [JSON.parse(JSON.stringify({ value })) as JsonValue];
        const text = JSON.stringify(documents[0]);
        assert.deepEqual(parseDocuments(text, { file: 'f' }), documents);
        assert.deepEqual([parseJson(text, 'f')], documents);
      }),
    );
  });
});

const refused: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ['keys that only look alike', 'a: 1\n1: 2\n"1": 3', /^f:3: two different keys/],
  [
    'an integer that would lose digits',
    'a: 1\nb: 9007199254740993',
    /^f:2: the number cannot be represented exactly$/,
  ],
  ['infinity', 'a: .inf', /^f:1: the number cannot be represented exactly$/],
  ['broken syntax', 'a: [', /^f:\d+: /],
  ['a list as a key', '? [a]\n: 1', /^f:\d+: /],
];

describe('bad YAML names file and line', () => {
  for (const [name, text, message] of refused) {
    test(name, () => {
      assert.throws(
        () => parseDocuments(text, { file: 'f' }),
        (error) => hasCode(error, 'InvalidManifest') && message.test(error.message),
      );
    });
  }

  test('a large integer in JSON', () => {
    assert.throws(() => parseJson('{"a": 9007199254740993}', 'f'), /f:1: the number/);
    assert.deepEqual(parseJson('{"a": "9007199254740993"}', 'f'), { a: '9007199254740993' });
  });

  test('two values in a JSON file', () => {
    assert.throws(() => parseJson('{} {}', 'f.json'), /Only single objects are allowed/);
  });
});

describe('limits', () => {
  const limits = { ...DEFAULT_YAML_LIMITS, maxDepth: 20, maxAliases: 50, maxValues: 10_000 };
  const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
    .concat(
      Array.from(
        { length: 8 },
        (_, i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i},*a${i},*a${i},*a${i}]`,
      ),
    )
    .join('\n');
  const cases: readonly (readonly [string, string])[] = [
    ['references that multiply', bomb],
    ['a reference to itself', 'a: &a [*a]'],
    ['deep nesting', '['.repeat(30) + ']'.repeat(30)],
    ['many references', `a: &a 1\nb: [${'*a,'.repeat(60)}]`],
  ];
  for (const [name, text] of cases) {
    test(name, () => {
      assert.throws(
        () => parseDocuments(text, { file: 'f', limits }),
        (error) => hasCode(error, 'LimitExceeded'),
      );
    });
  }
});

describe('manifests', () => {
  const parse = (text: string) => parseManifests(text, { file: 'f' });
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n';

  test('lists are replaced by their items, one level', () => {
    const list =
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}';
    assert.deepEqual(
      parse(list).map(({ kind }) => kind),
      ['Pod'],
    );
  });

  test('an empty list vanishes, a resource with items and a spec stays', () => {
    assert.deepEqual(parse('apiVersion: v1\nkind: List\nitems: null'), []);
    assert.equal(parse('apiVersion: a/v1\nkind: X\nmetadata: {}\nspec: {}\nitems: null').length, 1);
  });

  test('what is missing is named, with the document', () => {
    assert.throws(
      () => parse(`${pod}---\nkind: Pod\nmetadata: {}`),
      /f: document 2: has no apiVersion/,
    );
    assert.throws(() => parse('apiVersion: v1\nkind: Pod'), /has no metadata/);
    assert.throws(() => parse('- 1'), /is not an object/);
  });

  test('a label that is no text is refused', () => {
    const text = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {on: yes}}';
    assert.throws(() => parse(text), /non-string value in the map under key "true"/);
  });
});

test('byte order marks are understood', () => {
  assert.equal(decodeText(Buffer.from('\ufeffé', 'utf8')), 'é');
  assert.equal(decodeText(Buffer.from('\ufeffé', 'utf16le')), 'é');
  assert.equal(decodeText(Buffer.from('\ufeffé', 'utf16le').swap16()), 'é');
});

describe('names are texts', () => {
  for (const [field, text, seen] of [
    ['name', 'y', 'boolean true'],
    ['namespace', '12', 'number 12'],
    ['generateName', '{}', 'no text'],
  ] as const)
    test(`${field}: ${text}`, () => {
      const yaml = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  ${field}: ${text}\n`;
      assert.throws(
        () => parseManifests(yaml, { file: 'x.yaml', limits: DEFAULT_YAML_LIMITS }),
        (error) =>
          hasCode(error, 'InvalidManifest') &&
          error instanceof Error &&
          error.message.includes(`x.yaml: document 1: metadata.${field}: is `) &&
          error.message.includes(seen),
      );
    });
});
