import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareObject } from '../core/diff/compare-object.ts';
import { jsonEqual, type JsonObject, type JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { listChanges, type Change } from './list-changes.ts';

const pod = (spec: JsonObject): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec,
});

function changes(desired: KubeObject, live: KubeObject): readonly Change[] {
  const comparison = compareObject(desired, live);
  assert.ok(comparison.type === 'different');
  return listChanges(desired, live, comparison.paths);
}

for (const [what, desired, live, expected] of [
  [
    'a single value',
    { hostNetwork: true },
    { hostNetwork: false, dnsPolicy: 'ClusterFirst' },
    [{ path: 'spec.hostNetwork', live: false, desired: true }],
  ],
  [
    'an item of a keyed list, wherever it stands',
    { containers: [{ name: 'web', image: 'b' }] },
    {
      containers: [
        { name: 'injected', image: 'x' },
        { name: 'web', image: 'a' },
      ],
    },
    [{ path: 'spec.containers["web"].image', live: 'a', desired: 'b' }],
  ],
  [
    'a keyed list in a keyed list, with a key that has a bracket',
    { containers: [{ name: 'w', volumeMounts: [{ mountPath: '/a].b', name: 'new' }] }] },
    { containers: [{ name: 'w', volumeMounts: [{ mountPath: '/a].b', name: 'old' }] }] },
    [{ path: 'spec.containers["w"].volumeMounts["/a].b"].name', live: 'old', desired: 'new' }],
  ],
  [
    'two keys, one by default',
    { containers: [{ name: 'w', ports: [{ containerPort: 80, name: 'http' }] }] },
    { containers: [{ name: 'w', ports: [{ containerPort: 80, protocol: 'TCP', name: 'web' }] }] },
    [{ path: 'spec.containers["w"].ports[80,"TCP"].name', live: 'web', desired: 'http' }],
  ],
  [
    'a new item',
    { containers: [{ name: 'web', image: 'b' }] },
    { containers: [] },
    [{ path: 'spec.containers["web"]', desired: { name: 'web', image: 'b' } }],
  ],
  [
    'the items of a list that is replaced as a whole',
    { containers: [{ name: 'w', args: ['a', 'b'] }] },
    { containers: [{ name: 'w', args: ['a', 'c', 'd'] }] },
    [
      { path: 'spec.containers["w"].args[1]', live: 'c', desired: 'b' },
      { path: 'spec.containers["w"].args[2]', live: 'd' },
    ],
  ],
  [
    'a map that is replaced as a whole',
    { nodeSelector: { disk: 'ssd' } },
    { nodeSelector: { disk: 'ssd', zone: 'a' } },
    [{ path: 'spec.nodeSelector.zone', live: 'a' }],
  ],
  [
    'a field whose type changed',
    { hostname: { odd: true } },
    { hostname: 'web' },
    [{ path: 'spec.hostname', live: 'web', desired: { odd: true } }],
  ],
] satisfies readonly (readonly [string, JsonObject, JsonObject, readonly Change[]])[])
  test(`shows ${what}`, () => assert.deepEqual(changes(pod(desired), pod(live)), expected));

test('names with dots are found, the longest that fits first', () => {
  const map = (annotations: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', annotations },
  });
  assert.deepEqual(
    changes(map({ 'a.b/c': '1', a: 'x', 'a.b': 'y' }), map({ 'a.b/c': '2', a: 'x', 'a.b': 'z' })),
    [
      { path: 'metadata.annotations.a.b/c', live: '2', desired: '1' },
      { path: 'metadata.annotations.a.b', live: 'z', desired: 'y' },
    ],
  );
});

test('fields that we applied and that are gone from desired show what stands in live', () => {
  const live: KubeObject = {
    ...pod({ containers: [{ name: 'old', image: 'x' }], hostNetwork: true }),
    metadata: {
      name: 'web',
      managedFields: [
        {
          manager: 'argocd-controller',
          operation: 'Apply',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:spec': {
              'f:hostNetwork': {},
              'f:containers': { 'k:{"name":"old"}': { '.': {}, 'f:name': {}, 'f:image': {} } },
            },
          },
        },
      ],
    },
  };
  assert.deepEqual(changes(pod({ containers: [{ name: 'new', image: 'y' }] }), live), [
    { path: 'spec.containers["new"]', desired: { name: 'new', image: 'y' } },
    { path: 'spec.hostNetwork', live: true },
    { path: 'spec.containers[{"name":"old"}]', live: { name: 'old', image: 'x' } },
  ]);
});

test('values of Secrets are masked, desired first; equal ones alike', () => {
  const secret = (field: string, values: JsonObject): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    [field]: values,
  });
  assert.deepEqual(
    changes(
      secret('stringData', { password: 'new', user: 'me' }),
      secret('data', { password: 'b2xk', user: 'bWU=', old: 'eA==' }),
    ),
    [{ path: 'data.password', live: '++++++++++++', desired: '++++++++' }],
  );
});

test('property: where comparing sees a difference, the list has one, and each of its entries differs', () => {
  const name = fc.constantFrom('name', 'image', 'a', 'a.b', 'b', 'args', 'env', 'selector');
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<JsonValue>('x', 'y', 1, 2, true),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    ),
  }));
  const containers = fc.uniqueArray(
    fc.record({ name: fc.constantFrom('x', 'y]', 'z"'), image: value }),
    { selector: (item) => item.name, maxLength: 3 },
  );
  const spec = fc.record({ containers, other: value });
  fc.assert(
    fc.property(spec, spec, (wanted, standing) => {
      const [desired, live] = [pod(wanted), pod(standing)];
      const comparison = compareObject(desired, live);
      if (comparison.type !== 'different') return;
      const listed = listChanges(desired, live, comparison.paths);
      for (const path of comparison.paths)
        assert.ok(
          listed.some((change) => change.path.startsWith(path)),
          path,
        );
      for (const change of listed)
        assert.ok(!jsonEqual(change.live, change.desired), JSON.stringify(change));
    }),
  );
});
