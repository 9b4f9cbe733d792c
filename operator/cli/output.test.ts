import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDocuments } from '../../generators/index.ts';
import type { JsonValue } from '../core/objects/json.ts';
import type { CommandIo } from './command.ts';
import { outputFormat, writeTable, writeYaml } from './output.ts';

function written(write: (io: CommandIo) => void): string {
  let text = '';
  write({
    stdout: { write: (part) => void (text += part) },
    stderr: { write: () => {} },
    stdin: Readable.from([]),
    env: {},
    cwd: '/',
    signal: new AbortController().signal,
  });
  return text;
}

/** Texts that YAML 1.1, which kubectl reads, would take for something else. */
const TREACHEROUS = [
  'yes',
  'no',
  'on',
  'Off',
  'y',
  'N',
  'null',
  '~',
  '',
  ' padded ',
  '0777',
  '0o17',
  '0x1F',
  '0b1',
  '1_000',
  '1e3',
  '.5',
  '.inf',
  '12:30:45',
  '2026-01-01',
  '=',
  '<<',
  '- a',
  'a: b',
  '#c',
  '*x',
  '&x',
  '!x',
  '|',
  '>',
  '%',
  '@',
  '---',
  'a\nb\n',
  '\ta',
  '\u2028',
  '\u0007',
  'long '.repeat(60),
];

test('property: kubectl reads from YAML what was written, whatever the texts', () => {
  const text = fc.oneof(fc.constantFrom(...TREACHEROUS), fc.string({ unit: 'grapheme' }));
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  const document = fc.dictionary(text, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(document, { minLength: 1, maxLength: 3 }), (documents) => {
      const yaml = written((io) => writeYaml(io, documents));
      assert.deepEqual(parseDocuments(yaml, { file: 'x' }), documents, yaml);
    }),
    { numRuns: 300 },
  );
});

test('the columns of a table are as wide as their widest cell, without trailing blanks', () => {
  const table = written((io) =>
    writeTable(
      io,
      ['A', 'B'],
      [
        ['long', ''],
        ['x', 'y'],
      ],
    ),
  );
  assert.equal(table, 'A      B\nlong\nx      y\n');
});

test('an unknown format is refused', () => {
  assert.equal(outputFormat(undefined, 'table'), 'table');
  assert.throws(
    () => outputFormat('xml', 'table'),
    /-o xml: is not a format; use json, yaml or table/,
  );
});
