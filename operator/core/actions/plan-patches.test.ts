import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { isUntouched, planPatches } from './plan-patches.ts';

const live: KubeObject = {
  apiVersion: 'example.com/v1',
  kind: 'Box',
  metadata: {
    name: 'box',
    uid: 'u1',
    resourceVersion: '7',
    managedFields: [{ manager: 'x' }],
    labels: { a: '1' },
  },
  spec: { size: 1, colour: 'red' },
  status: { phase: 'Open', weight: 3 },
};
const wanted: KubeObject = {
  ...live,
  metadata: { name: 'box', labels: { a: '2' } },
  spec: { size: 2 },
  status: { phase: 'Shut' },
};
const spec = { metadata: { labels: { a: '2' } }, spec: { size: 2, colour: null } };
const status = { status: { phase: 'Shut', weight: null } };

test('a change of the status goes to its subresource, after all the others', () => {
  assert.deepEqual(planPatches(live, wanted, { hasStatus: true }), [
    { subresource: undefined, patch: spec },
    { subresource: 'status', patch: status },
  ]);
});

test('without the subresource it is one patch', () => {
  assert.deepEqual(planPatches(live, wanted, { hasStatus: false }), [
    { subresource: undefined, patch: { ...spec, ...status } },
  ]);
});

test('only a status', () => {
  const shut = { ...live, status: { phase: 'Shut' } };
  assert.deepEqual(planPatches(live, shut, { hasStatus: true }), [
    { subresource: 'status', patch: status },
  ]);
  assert.deepEqual(planPatches(live, shut, { hasStatus: false }), [
    { subresource: undefined, patch: status },
  ]);
});

test('a status that is gone is removed', () => {
  const { status: _gone, ...without } = live;
  assert.deepEqual(planPatches(live, without as KubeObject, { hasStatus: true }), [
    { subresource: 'status', patch: { status: null } },
  ]);
});

test('nothing that the API server alone writes is patched', () => {
  const forged = {
    ...live,
    metadata: { name: 'box', labels: { a: '1' }, uid: 'u2', resourceVersion: '1', generation: 9 },
  };
  assert.deepEqual(planPatches(live, forged, { hasStatus: true }), []);
});

interface Newer {
  readonly name: string;
  readonly patch: JsonObject;
  readonly newer: JsonObject;
  readonly isUntouched: boolean;
}

const box = { spec: { size: 1, sides: [1, 2] } };
const newer: readonly Newer[] = [
  {
    name: 'another field changed',
    patch: { spec: { size: 2 } },
    newer: { spec: { size: 1, sides: [] }, status: {} },
    isUntouched: true,
  },
  {
    name: 'the field changed',
    patch: { spec: { size: 2 } },
    newer: { spec: { size: 3 } },
    isUntouched: false,
  },
  {
    name: 'the field changed to what the patch wants',
    patch: { spec: { size: 2 } },
    newer: { spec: { size: 2 } },
    isUntouched: false,
  },
  {
    name: 'an item of the list changed',
    patch: { spec: { sides: [3] } },
    newer: { spec: { size: 1, sides: [1] } },
    isUntouched: false,
  },
  {
    name: 'a map came into being',
    patch: { metadata: { annotations: { a: '1' } } },
    newer: { ...box, metadata: { annotations: { b: '2' } } },
    isUntouched: true,
  },
  {
    name: 'a removed field is gone already',
    patch: { spec: { size: null } },
    newer: { spec: { sides: [1, 2] } },
    isUntouched: false,
  },
  { name: 'null is absent', patch: { a: 1 }, newer: { ...box, a: null }, isUntouched: true },
];

for (const one of newer)
  test(`a patch ${one.isUntouched ? 'still fits' : 'does not fit'} when ${one.name}`, () => {
    assert.equal(isUntouched(one.patch, box, one.newer), one.isUntouched);
  });
