import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { compareObject, FIELD_MANAGER } from './compare-object.ts';
import { parseTypes, parseTypeSchemas, type TypeSchema } from './type-schema.ts';

const gvk = (kind: string) => [{ group: 'example.com', version: 'v1', kind }];

function documentOf(spec: JsonValue, more: JsonObject = {}): JsonObject {
  return {
    components: {
      schemas: {
        'com.example.v1.Thing': {
          type: 'object',
          properties: { spec },
          'x-kubernetes-group-version-kind': gvk('Thing'),
        },
        ...more,
      },
    },
  };
}

const specOf = (document: JsonValue): TypeSchema | undefined =>
  parseTypeSchemas(document).get('example.com/v1/Thing')?.fields?.get('spec');

const thing = (spec: JsonValue): KubeObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name: 'a' },
  spec,
});

describe('types of an OpenAPI document', () => {
  test('what has nothing to say is left out', () => {
    assert.equal(
      specOf(documentOf({ type: 'object', properties: { a: { type: 'string' } } })),
      undefined,
    );
  });

  const lists: readonly (readonly [string, JsonObject, unknown])[] = [
    ['atomic', { 'x-kubernetes-list-type': 'atomic' }, undefined],
    ['no list type', {}, undefined],
    ['set', { 'x-kubernetes-list-type': 'set' }, { type: 'set' }],
    [
      'map',
      { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name', 'protocol'] },
      { type: 'map', keys: ['name', 'protocol'], defaults: { protocol: 'TCP' } },
    ],
    ['map without keys', { 'x-kubernetes-list-type': 'map' }, undefined],
    [
      'merge key of a strategic patch',
      { 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-patch-merge-key': 'name' },
      { type: 'map', keys: ['name'] },
    ],
    [
      'list type goes before a merge key',
      {
        'x-kubernetes-list-type': 'atomic',
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'name',
      },
      undefined,
    ],
    ['a merge key alone says nothing', { 'x-kubernetes-patch-merge-key': 'name' }, undefined],
    ['merge without a key', { 'x-kubernetes-patch-strategy': 'merge' }, { type: 'set' }],
  ];
  for (const [name, marks, expected] of lists)
    test(`list: ${name}`, () => {
      const items = {
        type: 'object',
        properties: { name: { type: 'string' }, protocol: { type: 'string', default: 'TCP' } },
      };
      const spec = { type: 'object', properties: { list: { type: 'array', items, ...marks } } };
      assert.deepEqual(specOf(documentOf(spec))?.fields?.get('list')?.list, expected);
    });

  test('references, also through allOf, are shared and may go in circles', () => {
    const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });
    const types = parseTypes(
      documentOf(
        {
          type: 'object',
          properties: {
            one: { allOf: [reference('com.example.v1.Node')], default: {} },
            two: reference('com.example.v1.Node'),
          },
        },
        {
          'com.example.v1.Node': {
            type: 'object',
            properties: {
              next: reference('com.example.v1.Node'),
              tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
            },
          },
        },
      ),
    );
    const spec = types.kinds.get('example.com/v1/Thing')?.fields?.get('spec');
    const node = spec?.fields?.get('one');
    assert.ok(node !== undefined && node === spec?.fields?.get('two'));
    assert.equal(node.fields?.get('next'), node);
    assert.deepEqual(spec?.defaults, { one: {} });
  });

  test('a circle that says nothing is harmless', () => {
    const self = { $ref: '#/components/schemas/com.example.v1.Thing' };
    const document = documentOf({ type: 'object', properties: { again: self } });
    const schema = parseTypeSchemas(document).get('example.com/v1/Thing');
    const [one, two] = [thing({ again: { spec: { again: {} } } }), thing({ again: { spec: 1 } })];
    const options = { fieldManager: FIELD_MANAGER, schema };
    assert.equal(compareObject(one, structuredClone(one), options).type, 'equal');
    assert.equal(compareObject(one, two, options).type, 'different');
  });

  test('a reference that leads nowhere may be anything', () => {
    const spec = specOf(documentOf({ $ref: '#/components/schemas/nowhere' }));
    assert.deepEqual(spec, { isOpaque: true });
  });

  test('what is too deep may be anything, and what is not is compared as ever', () => {
    let spec: JsonObject = { type: 'object', 'x-kubernetes-map-type': 'atomic' };
    for (let depth = 0; depth < 5_000; depth += 1)
      spec = { type: 'object', properties: { a: spec } };
    const schema = parseTypeSchemas(documentOf(spec)).get('example.com/v1/Thing');
    const nested = (depth: number, value: JsonValue): JsonValue => {
      let made = value;
      for (let at = 0; at < depth; at += 1) made = { a: made };
      return made;
    };
    const options = { fieldManager: FIELD_MANAGER, schema };
    const differs = (depth: number): boolean =>
      compareObject(thing(nested(depth, { x: 1 })), thing(nested(depth, { x: 1, y: 2 })), options)
        .type === 'different';
    assert.equal(differs(10), false);
    assert.equal(differs(200), true);
  });

  test('a document that is too large is opaque where it stops', () => {
    const properties: Record<string, JsonValue> = {};
    for (let at = 0; at < 250_000; at += 1) properties[`p${at}`] = { type: 'string' };
    const spec = specOf(documentOf({ type: 'object', properties }));
    assert.equal(spec?.fields?.get('p249999')?.isOpaque, true);
    assert.equal(spec.fields.get('p1'), undefined);
  });

  test('lists of kinds and types of many kinds are no kinds', () => {
    const document = documentOf(
      {},
      {
        'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions': {
          type: 'object',
          'x-kubernetes-group-version-kind': [...gvk('A'), ...gvk('B')],
        },
      },
    );
    assert.deepEqual([...parseTypeSchemas(document).keys()], ['example.com/v1/Thing']);
  });

  test('whatever it is given, it neither throws nor says that different is equal', () => {
    const json = fc.jsonValue({ maxDepth: 6 }) as fc.Arbitrary<JsonValue>;
    const marked = fc.letrec<{ schema: JsonValue }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 5 },
        json,
        fc.record(
          {
            type: fc.constantFrom('object', 'array', 'string', 7),
            items: tie('schema'),
            properties: fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('schema')),
            additionalProperties: tie('schema'),
            default: json,
            allOf: fc.array(tie('schema'), { maxLength: 2 }),
            $ref: fc.constantFrom('#/components/schemas/com.example.v1.Thing', 'x', 1),
            'x-kubernetes-list-type': fc.constantFrom('map', 'set', 'atomic', 1),
            'x-kubernetes-list-map-keys': fc.constantFrom(['a'], ['a', 'b'], 'a', [1]),
            'x-kubernetes-map-type': fc.constantFrom('atomic', 'granular', null),
          },
          { requiredKeys: [] },
        ),
      ),
    })).schema;
    fc.assert(
      fc.property(marked, json, fc.anything(), (spec, value, noise) => {
        parseTypeSchemas(noise as JsonValue);
        const schema = parseTypeSchemas(documentOf(spec)).get('example.com/v1/Thing');
        const options = { fieldManager: FIELD_MANAGER, schema };
        const object = thing({ a: value });
        assert.equal(compareObject(object, structuredClone(object), options).type, 'equal');
        assert.notEqual(compareObject(thing({ a: 'x' }), thing({ a: 'y' }), options).type, 'equal');
      }),
      { numRuns: 500 },
    );
  });
});
