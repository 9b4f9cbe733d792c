import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileGlob, matchGlob } from './glob.ts';

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
  // As gobwas/glob answers, whose patterns these are.
  ['[^a]', 'a', true],
  ['[^a]', '^', true],
  ['[^a]', 'b', false],
  ['[a-c]*/**', 'b/c/d', true],
  ['{a*,b/}?', 'b/x', true],
  ['{a,{b,c}}*', 'cx', true],
  ['{,a}', '', true],
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
  // Half of a pair of surrogates is a character of its own.
  ['\uD83D*', '\u{1F600}', false],
  ['a\uD83D*', 'a\uD83D', true],
  ['a\u{1F600}*', 'a\u{1F600}b', true],
  ['team/*', 'team/', true],
  ['team/*', 'team', false],
  ['*a*a*a*a*a*a*a*b', 'a'.repeat(200), false],
];

for (const [pattern, text, matches] of cases) {
  test(`${pattern || 'the empty glob'} ${matches ? 'matches' : 'does not match'} ${text.slice(0, 20)}`, () => {
    assert.equal(matchGlob(pattern, text), matches);
  });
}

test('a caret negates where globs are those of files', () => {
  const matches = compileGlob('[^a]', { caretNegates: true });
  assert.deepEqual(['a', 'b', '^'].map(matches), [false, true, true]);
});

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

const separated: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ['git.example/*', 'git.example/web', true],
  ['git.example/*', 'git.example/web/api', false],
  ['git.example/**', 'git.example/web/api', true],
  ['git.example/**/api', 'git.example/web/x/api', true],
  ['*/*/api', 'git.example/web/api', true],
  ['**/a*c/*', 'x/abc/abd/abc/d', true],
  ['**/a*c/*', 'x/abc/abd/ab/d', false],
  ['a?c', 'a/c', false],
  ['*', '', true],
];

for (const [pattern, text, matches] of separated) {
  test(`with the separator /, ${pattern} ${matches ? 'matches' : 'does not match'} ${text}`, () => {
    assert.equal(compileGlob(pattern, { separators: '/' })(text), matches);
  });
}

/** Tries everything: what a glob means, without any thought for speed. */
function naive(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const rest = pattern.replace(/^\*+/, '');
  if (rest !== pattern) {
    const crosses = pattern.startsWith('**');
    if (naive(rest, text)) return true;
    return text !== '' && (crosses || text[0] !== '/') && naive(pattern, text.slice(1));
  }
  if (text === '' || (pattern[0] === '?' ? text[0] === '/' : text[0] !== pattern[0])) return false;
  return naive(pattern.slice(1), text.slice(1));
}

test('a glob matches what a naive matcher matches', () => {
  const letters = (...units: readonly string[]) =>
    fc.string({ unit: fc.constantFrom(...units), maxLength: 8 });
  fc.assert(
    fc.property(letters('a', 'b', '/', '*', '?'), letters('a', 'b', '/'), (pattern, text) => {
      assert.equal(compileGlob(pattern, { separators: '/' })(text), naive(pattern, text));
    }),
    { numRuns: 2_000 },
  );
});
