import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { opponentsOf, ownedDifferences } from './owned-differences.ts';
import { predictedChanges } from './predicted-changes.ts';

function object(spec: JsonObject, fields: Readonly<Record<string, JsonObject>>): KubeObject {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Thing',
    metadata: {
      name: 'a',
      managedFields: Object.entries(fields).map(([manager, fieldsV1]) => ({
        manager,
        operation: 'Apply',
        fieldsV1: { 'f:spec': fieldsV1 },
      })),
    },
    spec,
  };
}

const OURS = 'argocd-controller';

describe('what a dry run would change of ours', () => {
  const cases = [
    {
      name: 'nothing',
      live: object({ size: 1 }, { [OURS]: { 'f:size': {} } }),
      predicted: object({ size: 1 }, { [OURS]: { 'f:size': {} } }),
      expected: [],
    },
    {
      name: 'a value',
      live: object({ size: 1 }, { [OURS]: { 'f:size': {} } }),
      predicted: object({ size: 2 }, { [OURS]: { 'f:size': {} } }),
      expected: ['spec.size'],
    },
    {
      name: 'a field that is new',
      live: object({}, { [OURS]: {} }),
      predicted: object({ size: 2 }, { [OURS]: { 'f:size': {} } }),
      expected: ['spec.size'],
    },
    {
      name: 'a field that goes',
      live: object({ size: 1, kept: 1 }, { [OURS]: { 'f:size': {}, 'f:kept': {} } }),
      predicted: object({ kept: 1 }, { [OURS]: { 'f:kept': {} } }),
      expected: ['spec.size'],
    },
    {
      name: 'ownership alone is no change',
      live: object({ size: 1 }, { other: { 'f:size': {} } }),
      predicted: object({ size: 1 }, { [OURS]: { 'f:size': {} }, other: { 'f:size': {} } }),
      expected: [],
    },
    {
      name: 'what a webhook adds is not ours',
      live: object({ size: 1, stamp: 'a' }, { [OURS]: { 'f:size': {} } }),
      predicted: object({ size: 1, stamp: 'b' }, { [OURS]: { 'f:size': {} } }),
      expected: [],
    },
    {
      name: 'an item of a keyed list, wherever it stands',
      live: object(
        {
          items: [
            { name: 'x', v: 0 },
            { name: 'y', v: 1 },
          ],
        },
        { [OURS]: { 'f:items': { 'k:{"name":"y"}': { '.': {}, 'f:name': {}, 'f:v': {} } } } },
      ),
      predicted: object(
        {
          items: [
            { name: 'y', v: 2 },
            { name: 'x', v: 0 },
          ],
        },
        { [OURS]: { 'f:items': { 'k:{"name":"y"}': { '.': {}, 'f:name': {}, 'f:v': {} } } } },
      ),
      expected: ['spec.items[0].v'],
    },
    {
      name: 'a member of a set that goes',
      live: object({ set: ['a', 'b'] }, { [OURS]: { 'f:set': { 'v:"a"': {}, 'v:"b"': {} } } }),
      predicted: object({ set: ['a'] }, { [OURS]: { 'f:set': { 'v:"a"': {} } } }),
      expected: ['spec.set[1]'],
    },
    {
      name: 'an atomic list counts as a whole',
      live: object({ list: [1, 2] }, { [OURS]: { 'f:list': {} } }),
      predicted: object({ list: [1] }, { [OURS]: { 'f:list': {} } }),
      expected: ['spec.list'],
    },
    {
      name: 'a map of which only the existence is owned',
      live: object({ map: { a: 1 } }, { [OURS]: { 'f:map': { '.': {} } } }),
      predicted: object({ map: { a: 2 } }, { [OURS]: { 'f:map': { '.': {} } } }),
      expected: [],
    },
    {
      name: 'steps that no server writes are passed over',
      live: object({ a: [1] }, { [OURS]: { 'k:{': { 'f:x': {} }, 'f:a': { 'i:0': {} } } }),
      predicted: object({ a: [2] }, { [OURS]: { 'z:': {}, 'f:a': { 'i:0': {} } } }),
      expected: ['spec.a[0]'],
    },
  ];
  for (const { name, live, predicted, expected } of cases)
    test(name, () => assert.deepEqual(predictedChanges(predicted, live, OURS), expected));
});

describe('where we applied under another version last', () => {
  const older = (spec: JsonObject): KubeObject => {
    const live = object(spec, { [OURS]: { 'f:magnitude': {}, 'f:remark': {} } });
    const [entry] = live.metadata.managedFields ?? [];
    const managedFields = [{ ...entry, apiVersion: 'example.com/v1beta1' }];
    return { ...live, metadata: { ...live.metadata, managedFields } } as KubeObject;
  };
  const owned = (spec: JsonObject) =>
    Object.fromEntries(Object.keys(spec).map((field) => [`f:${field}`, {}]));
  for (const [name, predicted, expected] of [
    ['nothing changes', { size: 1, note: 'n', list: [1] }, []],
    ['a field that goes', { size: 1, list: [1] }, ['spec.note']],
    ['a value, and a list', { size: 2, note: 'n', list: [2] }, ['spec.size', 'spec.list']],
  ] as const)
    test(name, () => {
      const live = older({ size: 1, note: 'n', list: [1] });
      assert.deepEqual(
        predictedChanges(object(predicted, { [OURS]: owned(predicted) }), live, OURS),
        expected,
      );
    });
});

describe('where another manager set something else', () => {
  const fields = { 'f:spec': { 'f:replicas': {}, 'f:extra': {}, 'f:same': {} } };
  test('only what both sides have and differs', () => {
    const desired = { spec: { replicas: 1, same: 1 } };
    const live = { spec: { replicas: 5, same: 1, extra: 2 } };
    assert.deepEqual(ownedDifferences(fields, desired, live), [
      { desired: ['spec', 'replicas'], live: ['spec', 'replicas'] },
    ]);
  });
  test('the managers that own such places are named, ours is not', () => {
    const desired = object({ replicas: 1 }, {});
    const live = object(
      { replicas: 5 },
      { hpa: { 'f:replicas': {} }, idle: { 'f:other': {} }, [OURS]: { 'f:replicas': {} } },
    );
    assert.deepEqual(
      opponentsOf(desired, live, OURS).map(({ manager }) => manager),
      ['hpa'],
    );
  });

  // `count` of v1beta1 is `size.count` of v1.
  const inOtherVersion = (fields: JsonObject, more: Readonly<Record<string, JsonObject>> = {}) => {
    const live = object({ size: { count: 5 }, note: 'b' }, { old: fields, ...more });
    const managedFields = (live.metadata.managedFields ?? []).map((entry) =>
      entry.manager === 'old' ? { ...entry, apiVersion: 'example.com/v1beta1' } : entry,
    );
    return { ...live, metadata: { ...live.metadata, managedFields } } as KubeObject;
  };
  const wanted = object({ size: { count: 1 }, note: 'b' }, {});
  for (const [name, live, expected] of [
    [
      'one that wrote another version is possible where its fields have other names',
      inOtherVersion({ 'f:count': {} }),
      [
        {
          manager: 'old',
          operation: 'Apply',
          differences: [],
          otherVersion: 'example.com/v1beta1',
        },
      ],
    ],
    [
      'one that owns a differing place by its name is preferred',
      inOtherVersion({ 'f:count': {} }, { hpa: { 'f:size': { 'f:count': {} } } }),
      [
        {
          manager: 'hpa',
          operation: 'Apply',
          differences: [{ desired: ['spec', 'size', 'count'], live: ['spec', 'size', 'count'] }],
        },
      ],
    ],
    [
      'names that both versions have tell as ever',
      inOtherVersion({ 'f:size': { 'f:count': {} } }),
      [
        {
          manager: 'old',
          operation: 'Apply',
          differences: [{ desired: ['spec', 'size', 'count'], live: ['spec', 'size', 'count'] }],
        },
      ],
    ],
    ['one that owns only what is equal is none', inOtherVersion({ 'f:note': {} }), []],
  ] as const)
    test(name, () => {
      assert.deepEqual(opponentsOf(wanted, live, OURS), expected);
    });
  test('labels and status are called the same in every version', () => {
    const live = object({ size: 5 }, {});
    const fieldsV1 = {
      'f:metadata': { 'f:labels': { 'f:gone': {} } },
      'f:status': { 'f:older': {} },
    };
    const managedFields = [{ manager: 'old', apiVersion: 'example.com/v1beta1', fieldsV1 }];
    assert.deepEqual(
      opponentsOf(
        object({ size: 1 }, {}),
        { ...live, metadata: { ...live.metadata, managedFields } },
        OURS,
      ),
      [],
    );
  });
});
