import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchGlob } from './glob.ts';

const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ['*.yaml', 'a.yaml', true],
  ['*.yaml', 'a/b.yaml', true],
  ['**.yaml', 'a/b/c.yaml', true],
  ['a/*', 'a/b/c', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', true],
  ['a?c', 'ac', false],
  ['[abc]x', 'bx', true],
  ['[!abc]x', 'bx', false],
  ['[!abc]x', 'dx', true],
  ['[a-c]x', 'cx', true],
  ['{a,b}.yaml', 'b.yaml', true],
  ['{a,b}.yaml', 'c.yaml', false],
  ['{dev,prod/{eu,us}}/*', 'prod/us/a', true],
  ['{config.yaml,env-usw2/*}', 'env-usw2/a.yaml', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['a{b', 'a{b', true],
  ['a[b', 'a[b', true],
  ['', '', true],
  ['', 'a', false],
  ['https://github.com/org/*', 'https://github.com/org/repo.git', true],
  ['*a*a*a*a*a*a*a*b', 'a'.repeat(200), false],
];

for (const [pattern, text, matches] of cases) {
  test(`${pattern || 'the empty glob'} ${matches ? 'matches' : 'does not match'} ${text.slice(0, 20)}`, () => {
    assert.equal(matchGlob(pattern, text), matches);
  });
}

test('a text with its special characters escaped matches itself and nothing longer', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const literal = text.replace(/[\\*?[\]{},!]/g, '\\$&');
      assert.ok(matchGlob(literal, text));
      assert.ok(!matchGlob(literal, `${text}x`));
      assert.ok(matchGlob(`${literal}*`, `${text}/more`));
    }),
  );
});
