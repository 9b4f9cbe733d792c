import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isJsonArray, isJsonObject, type JsonValue } from '../../core/objects/json.ts';
import { createTestLua } from '../testing/lua.ts';

const run = createTestLua();

/** Any JSON with the names and texts that trouble others: empty, long, escapes, `__proto__`, digits. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '1', '__proto__', 'constructor', 'a\u0000b', 'nil', '\u{1F600}'),
);
const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.dictionary(text, tie('json'), { maxKeys: 5 }),
  ),
}));

test('what goes into Lua comes out of it again, without nulls', () => {
  fc.assert(
    fc.property(json, (value) => {
      assert.deepEqual(run('return {obj}', { obj: value }), {
        type: 'value',
        value: { type: 'table', value: value === null ? [] : [inLua(value)] },
      });
    }),
    { numRuns: 1_000 },
  );
});

test('texts of any length arrive, also those larger than the scratch memory', () => {
  for (const length of [0, 1, 21_845, 21_846, 65_536, 1_000_000]) {
    const obj = 'é'.repeat(length);
    const outcome = run('return {obj, #obj}', { obj });
    assert.deepEqual(outcome, {
      type: 'value',
      value: { type: 'table', value: [obj, length * 2] },
    });
  }
});

test('a text that is no UTF-8 comes out with replacement characters', () => {
  assert.deepEqual(run('return {string.char(97, 255, 98)}', { openLibs: true }), {
    type: 'value',
    value: { type: 'table', value: ['a\uFFFDb'] },
  });
});

/** What Lua can hold of a value: nulls are nothing, and an empty table is an empty list. */
function inLua(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.filter((item) => item !== null).map(inLua);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === null || member === undefined ? [] : [[name, inLua(member)] as const],
  );
  return members.length === 0 ? [] : Object.fromEntries(members);
}
