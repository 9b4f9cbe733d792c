import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { canonicalJson, jsonEqual, type JsonObject, type JsonValue } from './json.ts';
import { mergePatch } from './merge-patch.ts';

const names = fc.constantFrom('a', 'b', 'constructor', '__proto__', 'toString');
const { value, object } = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  object: fc
    .uniqueArray(fc.tuple(names, tie('value')), { selector: ([name]) => name, maxLength: 3 })
    .map((members) => Object.fromEntries(members)),
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(0, 1, '', 'x', true, null),
    fc.array(tie('value'), { maxLength: 2 }),
    tie('object'),
  ),
}));

test('values are equal as Node says, also with the names of what every object inherits', () => {
  fc.assert(
    fc.property(value, value, (left, right) => {
      assert.equal(jsonEqual(left, right), isDeepStrictEqual(left, right));
      assert.ok(jsonEqual(left, structuredClone(left)));
      assert.equal(canonicalJson(left) === canonicalJson(right), jsonEqual(left, right));
    }),
    { numRuns: 2_000 },
  );
});

test('a member that is undefined is as good as absent', () => {
  assert.ok(jsonEqual({ a: 1, b: undefined }, { a: 1 }));
  assert.ok(jsonEqual({ a: 1 }, { a: 1, b: undefined }));
  assert.ok(!jsonEqual({ a: undefined }, { a: 1 }));
});

for (const [left, right] of [
  [{}, { constructor: {} }],
  [JSON.parse('{"__proto__":{}}') as JsonObject, { constructor: {} }],
  [JSON.parse('{"__proto__":{}}') as JsonObject, {}],
] as const)
  test(`${JSON.stringify(left)} is not ${JSON.stringify(right)}`, () => {
    assert.ok(!jsonEqual(left, right));
    assert.ok(!jsonEqual(right, left));
  });

test('a merge patch makes one object of the other, whatever its members are called', () => {
  const apply = (target: JsonValue | undefined, patch: JsonValue): JsonValue => {
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
    const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
    const result = new Map(Object.entries(isObject ? (target as JsonObject) : {}));
    for (const [name, member] of Object.entries(patch as JsonObject))
      if (member === null) result.delete(name);
      else if (member !== undefined) result.set(name, apply(result.get(name), member));
    return Object.fromEntries(result);
  };
  const withoutNulls = (json: JsonValue): boolean => !JSON.stringify(json).includes('null');
  fc.assert(
    fc.property(object.filter(withoutNulls), object.filter(withoutNulls), (from, to) => {
      const patch = mergePatch(from, to);
      assert.deepEqual(patch === undefined ? from : apply(from, patch), to);
    }),
  );
});
