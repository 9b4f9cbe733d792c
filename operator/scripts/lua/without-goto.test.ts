import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTestLua } from '../testing/lua.ts';
import { withoutGoto } from './without-goto.ts';

const run = createTestLua();

describe('goto continue', () => {
  const cases: readonly [string, string, readonly unknown[]][] = [
    [
      'in a for loop',
      'for i = 1, 5 do if i % 2 == 0 then goto continue end add(i) ::continue:: end',
      [1, 3, 5],
    ],
    [
      'in a while loop',
      'local i = 0 while i < 5 do i = i + 1 if i == 2 then goto next end add(i) ::next:: end',
      [1, 3, 4, 5],
    ],
    [
      'with a break beside it',
      'for i = 1, 9 do if i == 2 then goto c end if i == 4 then break end add(i) ::c:: end',
      [1, 3],
    ],
    [
      'with a return beside it',
      'for i = 1, 9 do if i == 2 then goto c end add(i) if i == 3 then return out end ::c:: end',
      [1, 3],
    ],
    [
      'from deep within',
      'for i = 1, 3 do do if i then if i == 2 then goto c else add(i) end end end ::c:: end',
      [1, 3],
    ],
    [
      'to the outer of two loops',
      'for i = 1, 3 do for j = 1, 3 do if j == 2 then goto outer end add(i * 10 + j) end add(0) ::outer:: end',
      [11, 21, 31],
    ],
    [
      'to the outer of three loops',
      'for i = 1, 2 do for j = 1, 2 do while true do if j == 2 then goto outer end add(i * 10 + j) break end end add(0) ::outer:: end',
      [11, 21],
    ],
    [
      'in both of two loops',
      'for i = 1, 2 do for j = 1, 3 do if j == 1 then goto inner end if j == 3 then goto outer end add(i * 10 + j) ::inner:: end add(0) ::outer:: end',
      [12, 22],
    ],
    [
      'of the same name in both',
      'for i = 1, 2 do for j = 1, 3 do if j == 1 then goto c end add(i * 10 + j) ::c:: end if i == 1 then goto c end add(0) ::c:: end',
      [12, 13, 22, 23, 0],
    ],
    [
      'in a function within a loop',
      'for i = 1, 2 do (function() for j = 1, 2 do if j == 1 then goto c end add(i * 10 + j) ::c:: end end)() end',
      [12, 22],
    ],
    [
      'with a function in the head of the loop',
      'for _, i in ipairs((function() return {1, 2} end)()) do if i == 1 then goto c end add(i) ::c:: end',
      [2],
    ],
    [
      'a break of a loop within',
      'for i = 1, 2 do for j = 1, 9 do if j == 2 then break end add(j) end if i == 1 then goto c end add(9) ::c:: end',
      [1, 1, 9],
    ],
    [
      'with a repeat loop within',
      'for i = 1, 2 do local n = 0 repeat n = n + 1 if n == 3 then break end until false if i == 1 then goto c end add(n) ::c:: end',
      [3],
    ],
    [
      'with semicolons and comments',
      'for i = 1, 2 do if i == 1 then goto c; end add(i); ::c:: --[==[ end ]] ]==] -- end\n end',
      [2],
    ],
    [
      'before other statements',
      'for i = 1, 2 do if i == 1 then goto c add(8) end add(i) ::c:: end',
      [2],
    ],
  ];
  for (const [name, body, expected] of cases)
    test(name, () => {
      const source = `local out = {} local function add(x) out[#out + 1] = x end ${body} return out`;
      assert.deepEqual(run(source), { type: 'value', value: { type: 'table', value: expected } });
    });

  test('lines keep their numbers', () => {
    const source = 'for i = 1, 2 do\nif i == 1 then\ngoto c\nend\nerror("here")\n::c::\nend';
    assert.deepEqual(run(source), { type: 'run', reason: 'script:5: here' });
  });
});

describe('what is not rewritten', () => {
  const untouched = [
    'local goto = 1 return {goto}',
    'return {goto = 1, t.goto, "goto continue", [[goto continue]]}',
    '-- goto continue\nreturn {}',
    'return {["goto x"] = "::x::"}',
    'no Lua goto',
  ];
  for (const source of untouched)
    test(source, () => assert.deepEqual(withoutGoto(source), { source }));

  const refused: readonly [string, number][] = [
    ['::top:: goto top', 1],
    ['for i = 1, 2 do\n::top:: i = i + 1\ngoto top end', 3],
    ['repeat goto c ::c:: until true', 1],
    ['for i = 1, 2 do repeat goto c until true ::c:: end', 1],
    ['for i = 1, 2 do (function() goto c end)() ::c:: end', 1],
    ['goto nowhere', 1],
  ];
  for (const [source, line] of refused)
    test(`${source} does not compile`, () => {
      const outcome = run(source);
      assert.equal(outcome.type, 'compile');
      assert.match(
        JSON.stringify(outcome),
        new RegExp(`script:${line}: goto \\w+: only the end of a for or while`),
      );
    });
});

test('broken sources come to an end', () => {
  for (const source of [
    'goto c end end end until',
    'goto c "',
    'goto c [[',
    'goto c --[[',
    ':: goto c ::',
    'end goto end',
    `goto c ${'do '.repeat(50_000)}`,
  ])
    assert.notEqual(run(source).type, 'value');
});
