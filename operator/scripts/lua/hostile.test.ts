import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonValue } from '../../core/objects/json.ts';
import { createTestLua } from '../testing/lua.ts';

/**
 * Programs that want more than their share. What only the wall clock can end, such as one C call
 * that takes for ever, is tried with the whole engine.
 */
const run = createTestLua({ maxInstructions: 2_000_000, maxBytes: 24 * 1024 * 1024 });
const INSTRUCTIONS = { type: 'budget', reason: 'did not end within 2000000 instructions' };
const MEMORY = { type: 'budget', reason: 'not enough memory' };

describe('ended within their budget, and the next script is none the wiser', () => {
  const cases: readonly [string, string, object][] = [
    ['a loop', 'while true do end', INSTRUCTIONS],
    [
      'a loop that catches every error',
      'while true do pcall(function() while true do end end) end',
      INSTRUCTIONS,
    ],
    [
      'a loop with xpcall',
      'local function f() while true do xpcall(f, f) end end f()',
      INSTRUCTIONS,
    ],
    ['a loop in a coroutine', 'coroutine.wrap(function() while true do end end)()', INSTRUCTIONS],
    [
      'coroutines without end',
      'while true do coroutine.wrap(function() for i = 1, 1e5 do end end)() end',
      INSTRUCTIONS,
    ],
    [
      'a loop in a metamethod',
      'local t = setmetatable({}, {__index = function(t, k) return t[k .. ""] end}) while true do pcall(function() return t.x end) end',
      INSTRUCTIONS,
    ],
    ['a repeated tail call', 'local function f() return f() end return f()', INSTRUCTIONS],
    [
      'a loop while sorting',
      'table.sort({3, 2, 1}, function(a, b) while true do end end)',
      INSTRUCTIONS,
    ],
    [
      'a loop while replacing',
      'string.gsub("a", "a", function() while true do end end)',
      INSTRUCTIONS,
    ],
    ['long texts', 'local t = {} while true do t[#t + 1] = string.rep("x", 1e6) .. #t end', MEMORY],
    ['one long text', 'local s = "x" while true do s = s .. s end', MEMORY],
    ['a huge text', 'return {#string.rep("x", 1e8)}', MEMORY],
    ['a growing table', 'local t = {} for i = 1, 1e9 do t[i] = {} end', MEMORY],
    [
      'memory errors that are caught',
      'local t = {} while true do pcall(function() t[#t + 1] = string.rep("x", 1e5) .. #t end) end',
      MEMORY,
    ],
    [
      'a deep pattern',
      'return {(string.rep("a", 1e5)):match(string.rep("a?", 1e5) .. "b")}',
      { type: 'budget', reason: 'nested too deeply' },
    ],
    [
      'recursion',
      'local function f() return 1 + f() end return f()',
      { type: 'run', reason: 'script:1: stack overflow' },
    ],
    [
      'recursion through metamethods',
      'local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k] end return t.x',
      { type: 'run', reason: 'script:1: C stack overflow' },
    ],
    [
      'too many results',
      'return {unpack({}, 1, 1e8)}',
      { type: 'run', reason: 'script:1: too many results to unpack' },
    ],
    [
      'too many captures',
      'return {string.rep("x", 100):match(string.rep("(x)", 100))}',
      { type: 'run', reason: 'script:1: too many captures' },
    ],
    [
      'a wide format',
      'return {("%999d"):format(1)}',
      { type: 'run', reason: 'script:1: invalid format (width or precision too long)' },
    ],
  ];
  for (const [name, source, expected] of cases)
    test(name, () => {
      const { type, reason } = run(source, { openLibs: true }) as { type: string; reason: string };
      const short = reason?.startsWith('script:1: stack overflow')
        ? 'script:1: stack overflow'
        : reason;
      assert.deepEqual({ type, reason: short }, expected);
      assert.deepEqual(run('return {#obj}', { obj: [1, 2] }), {
        type: 'value',
        value: { type: 'table', value: [2] },
      });
    });
});

test('an object of several megabytes is no trouble, one larger than the machine fails alone', () => {
  const list = (items: number): JsonValue =>
    Array.from({ length: items }, (_, n) => ({ name: `item-${n}` }));
  assert.equal(run('return {#obj}', { obj: list(50_000) }).type, 'value');
  assert.deepEqual(run('return {#obj}', { obj: list(500_000) }), MEMORY);
  assert.equal(run('return {#obj}', { obj: list(10) }).type, 'value');
});

test('a script larger than the machine has no memory for, which is no verdict on its text', () => {
  const source = `return {#'${'x'.repeat(30 * 1024 * 1024)}'}`;
  assert.deepEqual(run(source), MEMORY);
  assert.deepEqual(run('return {#obj}', { obj: [1] }).type, 'value');
});

test('a script that is no text of this world does not compile', () => {
  for (const source of ['('.repeat(100_000), '{'.repeat(100_000), '\u0000', '"'])
    assert.equal(run(source).type, 'compile', source.slice(0, 10));
});
