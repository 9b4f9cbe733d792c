import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from './json.ts';
import { formatPath, removePaths, setPath, valueAtPath, type JsonPath } from './json-path.ts';

const value = { a: { b: [1, { c: 2 }, 3] }, 'x.y/z': true };

describe('removing paths', () => {
  const cases: readonly {
    readonly name: string;
    readonly paths: readonly JsonPath[];
    readonly expected: JsonValue;
  }[] = [
    { name: 'a member', paths: [['a', 'b']], expected: { a: {}, 'x.y/z': true } },
    {
      name: 'two items of a list, by the indexes of the list as it was',
      paths: [
        ['a', 'b', 0],
        ['a', 'b', 1],
      ],
      expected: { a: { b: [3] }, 'x.y/z': true },
    },
    {
      name: 'a path and one below it',
      paths: [['a', 'b', 1, 'c'], ['a']],
      expected: { 'x.y/z': true },
    },
    { name: 'what is not there', paths: [['a', 'z', 'q'], ['a', 'b', 9], []], expected: value },
    { name: 'what only a prototype has', paths: [['toString'], ['__proto__']], expected: value },
  ];
  for (const { name, paths, expected } of cases)
    test(name, () => assert.deepEqual(removePaths(value, paths), expected));

  test('shares what did not change and leaves the original alone', () => {
    const before = structuredClone(value);
    const without = removePaths(value, [['x.y/z']]);
    assert.equal(without.a, value.a);
    assert.deepEqual(value, before);
    assert.equal(removePaths(value, [['nowhere']]), value);
  });

  test('what was removed is not there any more, and removing again changes nothing', () => {
    const path = fc.array(fc.oneof(fc.string(), fc.nat(4)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(path), (json, paths) => {
        const once = removePaths(json as JsonValue, paths);
        // A removed item makes room for the next one: only members are looked at.
        for (const at of paths)
          if (at.every((step) => typeof step === 'string'))
            assert.equal(valueAtPath(once, at), undefined);
        const members = paths.filter((at) => at.every((step) => typeof step === 'string'));
        assert.equal(removePaths(once, members), once);
      }),
    );
  });
});

describe('setting a path', () => {
  test('replaces, makes members on the way, appends', () => {
    assert.deepEqual(setPath(value, ['a', 'b', 1, 'c'], 5).a.b[1], { c: 5 });
    assert.deepEqual(setPath({}, ['m', 'n'], 1), { m: { n: 1 } });
    assert.deepEqual(setPath({ l: [1] }, ['l', 1], 2), { l: [1, 2] });
  });
  test('changes nothing where the way is barred', () => {
    for (const path of [
      ['a', 'b', 7],
      ['a', 0],
      ['x.y/z', 'q'],
    ] as const)
      assert.equal(setPath(value, path, 1), value);
  });
  test('what was set stands there', () => {
    const path = fc.array(fc.string(), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(path, fc.jsonValue(), (at, json) => {
        assert.deepEqual(valueAtPath(setPath({}, at, json as JsonValue), at), json);
      }),
    );
  });
});

test('paths read as people write them', () => {
  assert.equal(formatPath(['spec', 'containers', 0, 'image']), 'spec.containers[0].image');
  assert.equal(formatPath(['metadata', 'labels', 'a.b/c']), 'metadata.labels["a.b/c"]');
});
