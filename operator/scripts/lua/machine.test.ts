import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonValue } from '../../core/objects/json.ts';
import { createTestLua } from '../testing/lua.ts';

/** Each expression as item of a list, on `obj`. */
const run = createTestLua();
const items = (expressions: string, obj: JsonValue, openLibs = false): unknown => {
  const outcome = run(`return {${expressions}}`, { obj, openLibs });
  return outcome.type === 'value' && outcome.value.type === 'table' ? outcome.value.value : outcome;
};

describe('objects are plain Lua 5.1 tables', () => {
  const obj = { list: [1, 'b', { c: true }], none: null, empty: [], text: 'é😀', big: 1e15 };
  const cases: readonly [string, string, JsonValue][] = [
    ['lists begin at 1', 'obj.list[1], obj.list[3].c, type(obj.list[0])', [1, true, 'nil']],
    ['their length is known', '#obj.list, #obj.empty, table.getn(obj.list)', [3, 0, 3]],
    ['null is nil', 'type(obj.none), type(obj.nothing)', ['nil', 'nil']],
    [
      'they are tables',
      'type(obj), type(obj.list), type(getmetatable(obj))',
      ['table', 'table', 'nil'],
    ],
    [
      'whole numbers print as such',
      'tostring(3), 3 .. "", 10/2 .. "", 7/2 .. ""',
      ['3', '3', '5', '3.5'],
    ],
    [
      'large numbers print in digits, where it is asked for',
      'tostring(obj.big), tostring(2^31), obj.big .. ""',
      ['1000000000000000', '2147483648', '1e+15'],
    ],
    ['numbers are doubles', '7 % 3, 2^3, -7 % 3, 1e3 == 1000', [1, 8, 2, true]],
    ['texts are bytes', '#obj.text, obj.text', [6, 'é😀']],
    [
      'texts become numbers',
      'tonumber("0x10"), tonumber("12"), "3" + 4, type(tonumber("x"))',
      [16, 12, 7, 'nil'],
    ],
    [
      'the table library of 5.1',
      'table.maxn({1,2,[9]=1}), table.concat({1,2},"-"), type(table.foreach)',
      [9, '1-2', 'function'],
    ],
    ['unpack and select', 'select("#", unpack({1,2,3})), (select(2, "a", "b"))', [3, 'b']],
    ['the version', '_VERSION', ['Lua 5.1']],
  ];
  for (const [name, expressions, expected] of cases)
    test(name, () => assert.deepEqual(items(expressions, obj), expected));

  test('ipairs ends at the first nil, pairs finds all', () => {
    const source = `
      local n, m = 0, 0
      for _ in ipairs({1, 2, nil, 4}) do n = n + 1 end
      for _ in pairs(obj) do m = m + 1 end
      return {n, m}`;
    assert.deepEqual(run(source, { obj: { a: 1, b: null, c: 2 } }), {
      type: 'value',
      value: { type: 'table', value: [2, 2] },
    });
  });

  test('null items of a list are left out, so that it has no gaps', () => {
    assert.deepEqual(items('#obj, obj[2]', [1, null, 3]), [2, 3]);
  });
});

describe('libraries', () => {
  const types = (names: string) =>
    names
      .split(' ')
      .map((name) => `type(${name})`)
      .join(', ');
  const nothing = (count: number) => new Array(count).fill('nil');

  test('without open libraries: base, table, and os by require', () => {
    assert.deepEqual(items(types('string math os io coroutine'), {}), nothing(5));
    assert.deepEqual(
      items(types('pairs pcall error setmetatable table.insert print'), {}),
      new Array(6).fill('function'),
    );
    assert.deepEqual(items('type(require("os").time), type(require("os").date)', {}), [
      'function',
      'function',
    ]);
  });

  test('the os of require has time and date, nothing else', () => {
    const outcome = items(
      '(function() local n = 0 for _ in pairs(require("os")) do n = n + 1 end return n end)()',
      {},
    );
    assert.deepEqual(outcome, [2]);
  });

  test('without open libraries texts have no methods', () => {
    const outcome = run('return {("x"):upper()}');
    assert.deepEqual(outcome, { type: 'run', reason: 'script:1: attempt to index a string value' });
  });

  test('with open libraries: string, math, os', () => {
    assert.deepEqual(
      items('("x"):upper(), string.format("%d-%s", 3, "a"), math.floor(3.7), #"abc"', {}, true),
      ['X', '3-a', 3, 3],
    );
    assert.deepEqual(
      items(types('os.time os.date os.clock os.difftime string.match math.max'), {}, true),
      new Array(6).fill('function'),
    );
  });

  describe('numbers and texts as the Lua of Argo CD writes them', () => {
    for (const [expression, expected] of [
      ['string.format("%d", 10737418240)', '10737418240'], // 10 GiB; C has 32 bits here
      ['string.format("%d", 2^31)', '2147483648'],
      ['string.format("%d", -2^31 - 1)', '-2147483649'],
      ['string.format("%d|%i", 2^31 - 1, -2^31)', '2147483647|-2147483648'],
      [
        'string.format("[%12d][%-12d][%012d][%+d]", 5e9, 5e9, 5e9, 5e9)',
        '[  5000000000][5000000000  ][005000000000][+5000000000]',
      ],
      ['string.format("%d", 5000000000.9)', '5000000000'],
      ['string.format("%d", "5000000000")', '5000000000'],
      ['string.format("%5.2f %x %q %g 100%%", 2, 255, "a", 1e20)', ' 2.00 ff "a" 1e+20 100%'],
      ['string.format("%s %s %s", nil, true, 3)', 'nil true 3'],
      ['string.format("%s", 17179869184000000)', '17179869184000000'],
      ['string.format("%5s|%-5s|%.1s", "a", "b", "cd")', '    a|b    |c'],
      ['string.format("%v of %v", 2, "three")', '2 of three'],
      ['("%d items"):format(3e9)', '3000000000 items'],
      ['tostring(123456789012345)', '123456789012345'],
      ['tostring(-2^53)', '-9007199254740992'],
      ['tostring(1e20)', '1e+20'],
      ['tostring(0.1) .. tostring(10/2) .. tostring(nil)', '0.15nil'],
      ['tostring(setmetatable({}, {__tostring = function() return "t" end}))', 't'],
    ] as const)
      test(expression, () => assert.deepEqual(items(expression, {}, true), [expected]));

    for (const [source, reason] of [
      [
        'local x = string.format("%d", {})',
        "bad argument #2 to 'format' (number expected, got table)",
      ],
      ['local x = string.format("%d")', "bad argument #2 to 'format' (no value)"],
      ['local x = string.format("%s")', "bad argument #2 to 'format' (no value)"],
      ['local x = string.format(nil)', "bad argument #1 to 'format' (string expected, got nil)"],
      ['local x = string.format("%y", 1)', "invalid option '%y' to 'format'"],
      ['local x = tostring()', "bad argument #1 to 'tostring' (value expected)"],
    ] as const)
      test(`${source} fails with its line`, () =>
        assert.deepEqual(run(`\n${source}`, { openLibs: true }), {
          type: 'run',
          reason: `script:2: ${reason}`,
        }));
  });

  test('time is the time of the call', () => {
    const at = createTestLua({}, Date.UTC(2026, 1, 3, 4, 5, 6));
    const source =
      'local os = require("os") return {os.time(), os.date("!%Y-%m-%dT%H:%M:%SZ"), os.time({year=2026, month=2, day=3, hour=0})}';
    assert.deepEqual(at(source), {
      type: 'value',
      value: { type: 'table', value: [1770091506, '2026-02-03T04:05:06Z', 1770076800] },
    });
  });

  for (const openLibs of [false, true]) {
    test(`nothing that loads code, reaches files, programs or this process (openLibs ${openLibs})`, () => {
      const absent =
        'io debug package ffi jit load loadstring loadfile dofile module getfenv setfenv newproxy process globalThis js';
      assert.deepEqual(items(types(absent), {}, openLibs), nothing(absent.split(' ').length));
      const members =
        '(os or {}).execute (os or {}).getenv (os or {}).remove (os or {}).exit (os or {}).tmpname (string or {}).dump';
      const list = members
        .split(/ (?=\()/)
        .map((name) => `type(${name})`)
        .join(', ');
      assert.deepEqual(items(list, {}, openLibs), nothing(6));
    });
    for (const name of ['ffi', 'io', 'debug', 'package', 'string', 'x/../y'])
      test(`require '${name}' fails (openLibs ${openLibs})`, () => {
        assert.deepEqual(run(`local module = require '${name}' return module`, { openLibs }), {
          type: 'run',
          reason: `script:1: module '${name}' not found: only 'os' is there`,
        });
      });
  }

  test('print succeeds and prints nothing', () => {
    assert.deepEqual(items('print("x", {}, nil) == nil', {}), [true]);
  });
});

describe('nothing of a run is seen by the next', () => {
  const poisons: readonly [string, string, string, JsonValue][] = [
    ['a global', 'secret = 1', 'type(secret)', ['nil']],
    ['a member of _G', '_G.pairs = nil', 'type(pairs)', ['function']],
    [
      'a metatable of _G',
      'setmetatable(_G, {__index = function() return 1 end})',
      'type(nope)',
      ['nil'],
    ],
    ['table.insert', 'table.insert = nil', 'type(table.insert)', ['function']],
    [
      'string.format',
      'string.format = function() return "evil" end',
      'string.format("%d", 1)',
      ['1'],
    ],
    ['a method of texts', 'string.upper = function() return "evil" end', '("x"):upper()', ['X']],
    ['math.floor', 'math.floor = 1', 'math.floor(1.5)', [1]],
    [
      'os.time',
      'os.time = nil require("os").date = nil',
      'type(os.time), type(require("os").date)',
      ['function', 'function'],
    ],
    [
      'the metatable of texts',
      'pcall(function() getmetatable("").__index = nil end)',
      '("x"):upper()',
      ['X'],
    ],
    ['the metatable of texts, replaced', 'pcall(setmetatable, "", {})', '("x"):upper()', ['X']],
    ['the object', 'obj.metadata.name = "evil"', 'obj.metadata.name', ['web']],
    ['a metatable of the object', 'setmetatable(obj, {__index = {x = 1}})', 'type(obj.x)', ['nil']],
  ];
  for (const [name, poison, expressions, expected] of poisons)
    test(name, () => {
      const obj = { metadata: { name: 'web' } };
      assert.equal(run(`${poison} return {}`, { obj, openLibs: true }).type, 'value');
      assert.deepEqual(items(expressions, obj, true), expected);
      assert.deepEqual(obj, { metadata: { name: 'web' } });
    });

  test('nor of a run of the same script', () => {
    const source = 'count = (count or 0) + 1 return {count}';
    const once = { type: 'value', value: { type: 'table', value: [1] } };
    assert.deepEqual([run(source), run(source)], [once, once]);
  });

  test('methods of texts are there only for the script that may have them', () => {
    const source = 'return {(pcall(function() return ("x"):upper() end))}';
    const answers = [true, false, true].map((openLibs) => run(source, { openLibs }));
    const value = (ok: boolean) => ({ type: 'value', value: { type: 'table', value: [ok] } });
    assert.deepEqual(answers, [value(true), value(false), value(true)]);
  });
});

test('results are bounded, however often the same value stands in them', () => {
  const text = 'local t = {string.rep("x", 3e6)} return {t, t, t}';
  const tables = 'local t = {} for _ = 1, 40 do t = {t, t} end return t';
  const larger = { type: 'run', reason: 'the result is larger than 8 MiB' };
  for (const source of [text, tables]) assert.deepEqual(run(source, { openLibs: true }), larger);
  const just = createTestLua()('return {string.rep("x", 4e6)}', { openLibs: true });
  assert.equal(just.type, 'value');
});

test('a long error is cut', () => {
  const outcome = run('error(string.rep("x", 1e6))', { openLibs: true });
  assert.ok(outcome.type === 'run' && outcome.reason.length === 4096);
});

describe('scripts that fail say where', () => {
  const cases: readonly [string, string, string, string][] = [
    [
      'a nil on the way',
      'local a = 1\nreturn obj.status.phase',
      'run',
      "script:2: attempt to index field 'status' (a nil value)",
    ],
    [
      'no program',
      'if obj then\nreturn {}',
      'compile',
      "script:2: 'end' expected (to close 'if' at line 1) near '<eof>'",
    ],
    ['its own error', 'error("no such thing")', 'run', 'script:1: no such thing'],
    ['its own error, plain', 'error("no such thing", 0)', 'run', 'no such thing'],
    ['an error that is no text', 'error({code = 1})', 'run', 'error with a value of type table'],
    [
      'a function that does not exist',
      '\n\nfoo()',
      'run',
      "script:3: attempt to call global 'foo' (a nil value)",
    ],
    ['bytecode', '\u001bLuaQ', 'compile', 'script: precompiled code is not taken'],
    [
      'a result with itself in it',
      'local t = {} t.t = t return t',
      'run',
      'the result is nested deeper than 400 levels',
    ],
    ['a result with a function', 'return {f = print}', 'run', 'the result holds a function'],
    [
      'a result with a gap',
      'return {[1] = 1, [3] = 3}',
      'run',
      'the result holds a list with gaps',
    ],
    [
      'a result that is list and map',
      'return {1, a = 2}',
      'run',
      'the result holds a table that is list and map at once',
    ],
    [
      'a result with an odd key',
      'return {[true] = 1}',
      'run',
      'the result holds a table with a boolean as key',
    ],
    [
      'a result with a broken index',
      'return {[0.5] = 1}',
      'run',
      'the result holds a table with the key 0.5',
    ],
    ['a result that is not a number', 'return {0/0}', 'run', 'the result holds the number NaN'],
  ];
  for (const [name, source, type, reason] of cases)
    test(name, () => {
      assert.deepEqual(run(source), { type, reason });
      assert.equal(run('return {}').type, 'value', 'the machine goes on');
    });

  test('an object nested too deeply', () => {
    let obj: JsonValue = {};
    for (let depth = 0; depth < 500; depth++) obj = { obj };
    assert.deepEqual(run('return {}', { obj }), {
      type: 'run',
      reason: 'nested deeper than 400 levels',
    });
  });
});
