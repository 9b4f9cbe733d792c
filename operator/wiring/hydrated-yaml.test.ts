import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseDocuments } from '../../generators/index.ts';
import type { JsonObject } from '../core/objects/json.ts';
import { writeHydratedYaml } from './hydrated-yaml.ts';

const object = (data: JsonObject) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a' },
  data,
});
const readBack = (yaml: string) => parseDocuments(yaml, { file: 'manifest.yaml' });

describe('a manifest that is committed', () => {
  test('is JSON where the writer of YAML leaves the quotes of a name away', () => {
    const written = writeHydratedYaml(object({ '-_0': 'x' }));
    assert.match(written, /^ {4}"-_0": "x"$/m);
    assert.deepEqual(readBack(written), [object({ '-_0': 'x' })]);
  });

  test('is YAML with sorted keys', () =>
    assert.equal(
      writeHydratedYaml({
        kind: 'ConfigMap',
        metadata: { name: 'a' },
        data: { b: 'x\ny\n' },
        apiVersion: 'v1',
      }),
      'apiVersion: v1\ndata:\n  b: |\n    x\n    y\nkind: ConfigMap\nmetadata:\n  name: a\n',
    ));

  for (const text of [
    ...[
      'yes',
      'on',
      'y',
      'No',
      '0777',
      '1e3',
      '2001-01-01',
      '0x1F',
      '~',
      '<<',
      '12:30',
      '.5',
      '=',
      '',
    ],
    ...[
      '---',
      '...',
      '# x',
      '- a',
      '? a',
      'a: b',
      '\t',
      ' ',
      '\u0085',
      '\ufeff',

      '{{',
      '*a',
      '&a',
      '!x',
    ],
  ])
    test(`holds the text ${JSON.stringify(text)} as it is`, () => {
      const wanted = object({ [text]: text });
      assert.deepEqual(readBack(writeHydratedYaml(wanted)), [wanted]);
    });

  test('is refused when YAML cannot hold it', () =>
    assert.throws(
      () => writeHydratedYaml(object({ a: '\ud800' })),
      /ConfigMap\/a: YAML cannot hold it/,
    ));

  test('reads back as what was rendered, whatever that is', () =>
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (data) => {
        const wanted = object(JSON.parse(JSON.stringify(data)));
        assert.deepEqual(readBack(writeHydratedYaml(wanted)), [wanted]);
      }),
      { numRuns: 40 },
    ));
});
