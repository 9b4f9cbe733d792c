import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { maskSecret, maskSecrets, redactSecrets } from './mask-secret.ts';
import { LAST_APPLIED_ANNOTATION } from './normalise.ts';

const secret = (more: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, ...more }) as KubeObject;

describe('masking', () => {
  test('equal values have equal masks, different ones do not', () => {
    const [left, right] = maskSecret(
      secret({ data: { a: 'MQ==', b: 'MQ==' } }),
      secret({ data: { a: 'MQ==', b: 'Mg==' } }),
    );
    assert.deepEqual(left['data'], { a: '++++++++', b: '++++++++' });
    assert.deepEqual(right['data'], { a: '++++++++', b: '++++++++++++' });
  });

  test('a third version, and one that is absent', () => {
    const [, , third] = maskSecrets([
      secret({ data: { a: 'MQ==' } }),
      undefined,
      secret({ data: { a: 'Mw==' } }),
    ]);
    assert.deepEqual(third?.['data'], { a: '++++++++++++' });
  });

  test('other kinds stay as they are', () => {
    const map: KubeObject = { ...secret({ data: { a: 'x' } }), kind: 'ConfigMap' };
    assert.equal(maskSecret(map, map)[0], map);
  });

  const canary = 'canary-7f3a';
  const places: readonly (readonly [name: string, object: object])[] = [
    ['data', { data: { a: canary } }],
    ['stringData', { stringData: { a: canary } }],
    ['data that is a text', { data: canary }],
    ['data that is a list', { data: [canary] }],
    ['a map within data', { data: { a: { b: canary } } }],
    ['a misspelt member', { stringdata: { a: canary } }],
    ['the last-applied body', { metadata: { annotations: { [LAST_APPLIED_ANNOTATION]: canary } } }],
    ['a sensitive annotation', { metadata: { annotations: { token: canary } } }],
    ['a sensitive annotation that is no text', { metadata: { annotations: { token: [canary] } } }],
  ];
  for (const [name, object] of places)
    test(`hides ${name}`, () => {
      const shown = JSON.stringify(maskSecrets([secret(object), secret({})], ['token']));
      assert.ok(!shown.includes(canary), shown);
    });

  test('no value of data or stringData is ever shown, whatever it is', () => {
    const value = fc.oneof(fc.string({ minLength: 6 }), fc.jsonValue());
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b'), value), value, (data, whole) => {
        const shown = maskSecrets([secret({ data, stringData: whole })])[0];
        for (const item of [...Object.values(data), whole])
          if (typeof item === 'string' && item.length >= 6 && !/^\++$/.test(item))
            assert.ok(!allTexts(shown as unknown as JsonValue).includes(item));
      }),
    );
  });
});

function allTexts(value: JsonValue | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null
    ? Object.values(value as object).flatMap((item) => allTexts(item as JsonValue))
    : [];
}

describe('messages about Secrets', () => {
  const object = secret({
    data: { a: 'Y2FuYXJ5', n: 4242 },
    stringData: { b: 'plain-canary', s: 'ab' },
  });
  for (const [message, expected] of [
    ['Invalid value: "plain-canary": no', 'Invalid value: "++++++++": no'],
    ['Invalid value: "Y2FuYXJ5"', 'Invalid value: "++++++++"'],
    ['quotes canary itself', 'quotes ++++++++ itself'],
    ['got &value.valueUnstructured{Value:42}', 'got &value.valueUnstructured{++++++++}'],
    ['number 4242', 'number ++++++++'],
    ['"ab" in a lab', '"++++++++" in a lab'],
  ] as const)
    test(message, () => assert.equal(redactSecrets(message, [object]), expected));
  test('of other kinds are unchanged', () => {
    const map: KubeObject = { ...object, kind: 'ConfigMap' };
    assert.equal(redactSecrets('plain-canary', [map]), 'plain-canary');
  });
});
