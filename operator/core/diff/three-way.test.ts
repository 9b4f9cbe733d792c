import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../objects/json.ts';
import { builtInType } from './built-in-types.ts';
import { mergePatch, threeWayMerge, withLastApplied } from './three-way.ts';

const DEPLOYMENT = builtInType('apps/v1', 'Deployment');
const SERVICE = builtInType('v1', 'Service');

interface Case {
  readonly name: string;
  readonly last: JsonObject;
  readonly desired: JsonObject;
  readonly live: JsonObject;
  readonly merged: JsonObject;
  readonly type?: typeof DEPLOYMENT;
}

const pod = (...containers: readonly JsonValue[]): JsonObject => ({
  spec: { template: { spec: { containers } } },
});

const cases: readonly Case[] = [
  {
    name: 'what only live has stays',
    last: { spec: { a: 1 } },
    desired: { spec: { a: 1 } },
    live: { spec: { a: 1, b: 2 }, status: { c: 3 } },
    merged: { spec: { a: 1, b: 2 }, status: { c: 3 } },
  },
  {
    name: 'what was applied and is gone goes, what was changed by hand is set back',
    last: { data: { gone: 'x', kept: 'x' } },
    desired: { data: { kept: 'x' } },
    live: { data: { gone: 'x', kept: 'by hand', foreign: 'f' } },
    merged: { data: { kept: 'x', foreign: 'f' } },
  },
  {
    name: 'null takes away',
    last: {},
    desired: { spec: { a: null } },
    live: { spec: { a: 1, b: 2 } },
    merged: { spec: { b: 2 } },
  },
  {
    name: 'a list of a kind nobody knows is replaced',
    last: { spec: { list: [1] } },
    desired: { spec: { list: [2] } },
    live: { spec: { list: [1, 3] } },
    merged: { spec: { list: [2] } },
  },
  {
    name: 'containers are merged by name: foreign ones stay, dropped ones go',
    type: DEPLOYMENT,
    last: pod({ name: 'web', image: 'a:1' }, { name: 'dropped', image: 'd:1' }),
    desired: pod({ name: 'new', image: 'n:1' }, { name: 'web', image: 'a:2' }),
    live: pod(
      { name: 'web', image: 'a:1', imagePullPolicy: 'Always' },
      { name: 'dropped', image: 'd:1' },
      { name: 'injected', image: 'i:1' },
    ),
    merged: pod(
      { name: 'new', image: 'n:1' },
      { name: 'web', image: 'a:2', imagePullPolicy: 'Always' },
      { name: 'injected', image: 'i:1' },
    ),
  },
  {
    name: 'ports of one number and two protocols are told apart',
    type: SERVICE,
    last: { spec: { ports: [{ port: 53, protocol: 'UDP' }] } },
    desired: {
      spec: {
        ports: [
          { port: 53, protocol: 'UDP', name: 'u' },
          { port: 53, name: 't' },
        ],
      },
    },
    live: {
      spec: {
        ports: [
          { port: 53, protocol: 'UDP', nodePort: 30_001 },
          { port: 53, protocol: 'TCP', nodePort: 30_002 },
        ],
      },
    },
    merged: {
      spec: {
        ports: [
          { port: 53, protocol: 'UDP', name: 'u', nodePort: 30_001 },
          { port: 53, protocol: 'TCP', name: 't', nodePort: 30_002 },
        ],
      },
    },
  },
];

for (const { name, last, desired, live, merged, type } of cases)
  test(`three-way merge: ${name}`, () => {
    assert.deepEqual(threeWayMerge(last, desired, live, type), merged);
  });

/** What the API server does with a merge patch (RFC 7396). */
function patched(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result = new Map(Object.entries(isObject ? (target as JsonObject) : {}));
  for (const [name, value] of Object.entries(patch as JsonObject)) {
    if (value === undefined) continue;
    if (value === null) result.delete(name);
    else result.set(name, patched(result.get(name), value));
  }
  return Object.fromEntries(result);
}

const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean());
const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const { object } = fc.letrec<{ object: JsonObject; value: JsonValue }>((tie) => ({
  object: fc
    .array(fc.tuple(names, tie('value')), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries)),
  value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(leaf, { maxLength: 3 }), tie('object')),
}));

test('three-way merge: the patch turns live into the merged object, and then there is none', () => {
  fc.assert(
    fc.property(object, object, object, (last, desired, live) => {
      const merged = threeWayMerge(last, desired, live, undefined);
      const patch = mergePatch(live, merged);
      assert.deepEqual(patch === undefined ? live : patched(live, patch), merged);
      assert.equal(
        mergePatch(merged, threeWayMerge(desired, desired, merged, undefined)),
        undefined,
      );
    }),
  );
});

test('three-way merge: applying with nothing before ends with all that is desired', () => {
  fc.assert(
    fc.property(object, (desired) => {
      assert.deepEqual(threeWayMerge({}, desired, {}, undefined), desired);
    }),
  );
});

test('the annotation of a client-side apply holds desired without itself', () => {
  const desired = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
    data: { b: 'c' },
  };
  const once = withLastApplied(desired);
  assert.deepEqual(withLastApplied(once), once);
  const text = once.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'];
  assert.equal(
    text,
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","annotations":{}},"data":{"b":"c"}}\n',
  );
});
