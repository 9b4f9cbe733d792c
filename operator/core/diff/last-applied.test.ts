import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { FieldSet } from '../objects/field-set.ts';
import type { JsonObject, JsonValue } from '../objects/json.ts';
import type { KubeObject, ManagedFieldsEntry } from '../objects/kube-object.ts';
import { compareObject } from './compare-object.ts';
import { commonFields, lastAppliedOf } from './last-applied.ts';
import { migrateManagedFields } from './migrate-managed-fields.ts';
import { namesAll } from './names-all.ts';
import { LAST_APPLIED_ANNOTATION } from './normalise.ts';

const OURS = 'argocd-controller';
const data = (...keys: readonly string[]): JsonObject => ({
  'f:data': { '.': {}, ...Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
});
const entry = (
  manager: string,
  operation: string,
  fieldsV1: JsonObject,
  more: Partial<ManagedFieldsEntry> = {},
): ManagedFieldsEntry => ({ manager, operation, apiVersion: 'v1', fieldsV1, ...more });
const holder: JsonObject = {
  'f:metadata': { 'f:annotations': { [`f:${LAST_APPLIED_ANNOTATION}`]: {} } },
};

function configMap(
  values: JsonObject,
  managedFields: readonly ManagedFieldsEntry[],
  annotation?: string,
): KubeObject {
  const annotations = annotation === undefined ? {} : { [LAST_APPLIED_ANNOTATION]: annotation };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', resourceVersion: '7', annotations, managedFields },
    data: values,
  };
}
const desired = (values: JsonObject): KubeObject => configMap(values, []);
const lastText = (values: JsonObject): string => JSON.stringify(desired(values));

interface Case {
  readonly name: string;
  readonly entries: readonly ManagedFieldsEntry[];
  readonly annotation?: string;
  /** Of `a` and `b` in live, of which only `a` is desired still. */
  readonly expected: 'certain' | 'suspected' | 'equal';
}

const cases: readonly Case[] = [
  { name: 'nobody', entries: [], expected: 'equal' },
  {
    name: 'we, server-side',
    entries: [entry(OURS, 'Apply', data('a', 'b'))],
    expected: 'suspected',
  },
  {
    name: 'another, server-side',
    entries: [entry('kubectl', 'Apply', data('a', 'b'))],
    expected: 'equal',
  },
  {
    name: 'we on a subresource',
    entries: [entry(OURS, 'Apply', data('b'), { subresource: 'status' })],
    expected: 'equal',
  },
  {
    name: 'kubectl apply',
    entries: [entry('kubectl-client-side-apply', 'Update', { ...data('a', 'b'), ...holder })],
    annotation: lastText({ a: '1', b: '2' }),
    expected: 'certain',
  },
  {
    name: 'kubectl apply, of what was filled in meanwhile',
    entries: [entry('kubectl-client-side-apply', 'Update', { ...data('a', 'b'), ...holder })],
    annotation: lastText({ a: '1' }),
    expected: 'equal',
  },
  {
    name: 'kubectl apply under any name, its annotation not at hand',
    entries: [entry('deployer', 'Update', { ...data('a', 'b'), ...holder })],
    expected: 'certain',
  },
  { name: 'an edit', entries: [entry('kubectl-edit', 'Update', data('b'))], expected: 'equal' },
  {
    name: 'we, by replacing',
    entries: [entry(OURS, 'Update', data('a', 'b'))],
    expected: 'certain',
  },
  {
    name: 'the annotation alone',
    entries: [],
    annotation: lastText({ a: '1', b: '2' }),
    expected: 'certain',
  },
  {
    name: 'kubectl create, then we',
    entries: [
      entry('kubectl-create', 'Update', data('a', 'b')),
      entry(OURS, 'Apply', data('a', 'b')),
    ],
    expected: 'certain',
  },
  {
    name: 'kubectl create, and we did not apply it',
    entries: [entry('kubectl-create', 'Update', data('a', 'b')), entry(OURS, 'Apply', data('a'))],
    expected: 'equal',
  },
  {
    name: 'kubectl create alone',
    entries: [entry('kubectl-create', 'Update', data('a', 'b'))],
    expected: 'equal',
  },
  {
    name: 'kubectl apply another key, we this one',
    entries: [
      entry('kubectl-client-side-apply', 'Update', { ...data('a'), ...holder }),
      entry(OURS, 'Apply', data('a', 'b')),
    ],
    annotation: lastText({ a: '1' }),
    expected: 'suspected',
  },
];

describe('what was applied last', () => {
  for (const c of cases)
    test(`${c.name}: ${c.expected}`, () => {
      const live = configMap({ a: '1', b: '2' }, c.entries, c.annotation);
      const comparison = compareObject(desired({ a: '1' }), live);
      if (c.expected === 'equal') return assert.deepEqual(comparison, { type: 'equal' });
      assert.deepEqual(comparison, {
        type: 'different',
        paths: ['data.b'],
        certain: c.expected === 'certain',
      });
    });

  test('hostile annotations are harmless', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    const objects = '{"data":'.repeat(20_000) + '1' + '}'.repeat(20_000);
    const texts = [
      '',
      'null',
      '"x"',
      '{',
      deep,
      objects,
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{},"data":${deep}}`,
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{},"data":${objects}}`,
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{},"data":{"b":"${'x'.repeat(1_000_000)}"}}`,
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":7},"data":[1],"__proto__":{"x":1}}',
    ];
    for (const text of texts) {
      const live = configMap({ a: '1' }, [], text);
      assert.equal(compareObject(desired({ a: '1' }), live).type, 'equal', text.slice(0, 80));
    }
  });

  test('hostile field sets are harmless', () => {
    const json = fc.jsonValue({ maxDepth: 5 }) as fc.Arbitrary<JsonValue>;
    const step = fc.oneof(
      fc.constantFrom(
        'f:data',
        'f:a',
        'k:{"name":"x"}',
        'k:{',
        'v:"x"',
        'v:[',
        'i:0',
        'i:x',
        '.',
        '',
      ),
      fc.string(),
    );
    const set = fc.letrec<{ set: FieldSet }>((tie) => ({
      set: fc.dictionary(
        step,
        fc.oneof({ maxDepth: 5 }, fc.constant({}), tie('set')),
      ) as fc.Arbitrary<FieldSet>,
    })).set;
    fc.assert(
      fc.property(set, json, (fields, value) => {
        for (const operation of ['Apply', 'Update']) {
          const live = {
            ...configMap({}, [entry(OURS, operation, fields)]),
            data: value,
          } as KubeObject;
          compareObject(live, live);
          compareObject(desired({ a: '1' }), live);
          migrateManagedFields(live, OURS);
        }
      }),
    );
  });

  test('what names all of a set misses nothing of it', () => {
    const fields = { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } };
    assert.ok(namesAll(fields, { data: { a: 1, b: null } }));
    assert.ok(!namesAll(fields, { data: { a: 1 } }));
    const list = {
      'f:list': { 'k:{"name":"a"}': { 'f:x': {} }, 'k:{"port":1,"protocol":"TCP"}': {} },
    };
    assert.ok(namesAll(list, { list: [{ name: 'a', x: 1 }, { port: 1 }] }));
    assert.ok(!namesAll(list, { list: [{ name: 'a' }, { port: 1 }] }));
    assert.ok(!namesAll(list, { list: [{ name: 'a', x: 1 }] }));
    assert.ok(namesAll({ 'f:l': { 'k:{"name":"a\\"b"}': {} } }, { l: [{ name: 'a"b' }] }));
  });
});

describe('moving ownership', () => {
  const moved = (live: KubeObject): readonly ManagedFieldsEntry[] | undefined => {
    const patch = migrateManagedFields(live, OURS) as readonly JsonObject[] | undefined;
    if (patch === undefined) return undefined;
    assert.deepEqual(patch[0], { op: 'test', path: '/metadata/resourceVersion', value: '7' });
    return patch[1]?.['value'] as unknown as readonly ManagedFieldsEntry[];
  };

  test('of a client-side apply, to one entry of ours without the annotation', () => {
    const update = entry('deployer', 'Update', { ...data('a', 'b'), ...holder });
    const other = entry('hpa', 'Update', data('z'));
    assert.deepEqual(moved(configMap({}, [update, other])), [
      other,
      entry(OURS, 'Apply', { ...data('a', 'b'), 'f:metadata': { 'f:annotations': {} } }),
    ]);
  });

  test('of the creator, what we applied since and no more', () => {
    const live = configMap({}, [
      entry('kubectl-create', 'Update', data('a', 'b')),
      entry(OURS, 'Apply', { 'f:data': { 'f:a': {} } }),
    ]);
    assert.deepEqual(moved(live), [
      entry('kubectl-create', 'Update', { 'f:data': { '.': {}, 'f:b': {} } }),
      entry(OURS, 'Apply', { 'f:data': { 'f:a': {} } }),
    ]);
    assert.equal(lastAppliedOf(live, OURS).type, 'updated');
  });

  test('is done once', () => {
    const live = configMap({}, [
      entry('kubectl-create', 'Update', data('a', 'b')),
      entry('kubectl-client-side-apply', 'Update', { ...data('a'), ...holder }),
    ]);
    const entries = moved(live);
    assert.ok(entries);
    const again = configMap({}, entries);
    assert.equal(lastAppliedOf(again, OURS).type, 'applied');
    assert.equal(migrateManagedFields(again, OURS), undefined);
  });

  test('fields of two sets', () => {
    assert.deepEqual(commonFields(data('a', 'b'), data('b', 'c')), { 'f:data': { 'f:b': {} } });
    assert.deepEqual(commonFields({ 'f:a': {} }, { 'f:a': { 'f:x': {} } }), { 'f:a': {} });
    assert.deepEqual(commonFields(data('a'), data('b')), {});
  });
});
