import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  isJsonArray,
  isJsonObject,
  jsonEqual,
  type JsonObject,
  type JsonValue,
} from '../objects/json.ts';
import { emptyMapNames, restoreMaps } from './restore-maps.ts';

/** What a way through Lua makes of a value. */
function throughLua(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.filter((item) => item !== null).map(throughLua);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  if (members.length === 0) return [];
  return Object.fromEntries(members.map(([name, member]) => [name, throughLua(member ?? null)]));
}

const pod = {
  volumes: [
    { name: 'cache', emptyDir: {} },
    { name: 'tmp', emptyDir: {} },
  ],
  securityContext: {},
  args: [],
  template: { creationTimestamp: null },
  labels: { a: '1' },
};
const inLua = {
  volumes: [
    { name: 'cache', emptyDir: [] },
    { name: 'tmp', emptyDir: [] },
  ],
  securityContext: [],
  args: [],
  template: [],
  labels: { a: '1' },
};

interface Case {
  readonly name: string;
  readonly returned: JsonValue;
  readonly restored: JsonValue;
}

const cases: readonly Case[] = [
  { name: 'unchanged', returned: inLua, restored: pod },
  {
    name: 'a map that the script emptied is an empty map',
    returned: { ...inLua, labels: [] },
    restored: { ...pod, labels: {} },
  },
  {
    name: 'an item before the others, which move',
    returned: { ...inLua, volumes: [{ name: 'new', emptyDir: [] }, ...inLua.volumes] },
    restored: { ...pod, volumes: [{ name: 'new', emptyDir: {} }, ...pod.volumes] },
  },
  {
    name: 'an item less',
    returned: { ...inLua, volumes: [{ name: 'tmp', emptyDir: [] }] },
    restored: { ...pod, volumes: [{ name: 'tmp', emptyDir: {} }] },
  },
  {
    name: 'a changed item that moved is found by its name',
    returned: { ...inLua, volumes: [{ name: 'tmp', emptyDir: [], more: 1 }] },
    restored: { ...pod, volumes: [{ name: 'tmp', emptyDir: {}, more: 1 }] },
  },
  {
    name: 'a list stays one, also where the object had nothing',
    returned: { ...inLua, finalizers: [] },
    restored: { ...pod, finalizers: [] },
  },
  {
    name: 'a new map is recognised by its name',
    returned: { ...inLua, other: { securityContext: [] } },
    restored: { ...pod, other: { securityContext: {} } },
  },
  {
    name: 'a new status without members',
    returned: { ...inLua, status: [], metadata: { annotations: [] } },
    restored: { ...pod, status: {}, metadata: { annotations: {} } },
  },
  {
    name: 'what the script removed stays away',
    returned: { labels: { a: '1' } },
    restored: { labels: { a: '1' } },
  },
];

describe('an object as it comes back from Lua', () => {
  for (const { name, returned, restored } of cases)
    test(name, () => {
      assert.deepEqual(restoreMaps(returned, pod, emptyMapNames(pod)), restored);
    });

  test('a name that is a map here and a list there tells nothing', () => {
    assert.deepEqual([...emptyMapNames({ a: {}, b: [{ a: [] }, { c: {} }] })], ['c']);
  });

  test('a new object: the usual maps are maps, all others by the names of the object it is made from', () => {
    const made = {
      metadata: { name: 'x', labels: [], annotations: [], finalizers: [] },
      spec: { emptyDir: [], other: [], template: { metadata: { labels: [] } } },
      data: [],
      rules: [],
    };
    assert.deepEqual(restoreMaps(made, undefined, emptyMapNames(pod)), {
      metadata: { name: 'x', labels: {}, annotations: {}, finalizers: [] },
      spec: { emptyDir: {}, other: [], template: { metadata: { labels: {} } } },
      data: {},
      rules: [],
    });
  });

  test('whatever a script leaves alone is as it was', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (members) => {
        const original = { ...members, kept: 1 } as unknown as JsonObject;
        const back = restoreMaps(throughLua(original), original, emptyMapNames(original));
        assert.ok(jsonEqual(back, original), JSON.stringify({ original, back }));
      }),
      { numRuns: 2_000 },
    );
  });
});
