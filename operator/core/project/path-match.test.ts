import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pathMatch } from './path-match.ts';

const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ['*', 'Deployment', true],
  ['*', '', true],
  ['*', 'a/b', false],
  ['Deploy*', 'Deployment', true],
  ['deploy*', 'Deployment', false],
  ['*.example.io', 'web.example.io', true],
  ['*.example.io', 'web-example-io', false],
  ['R?le', 'Role', true],
  ['R?le', 'Rle', false],
  ['[CR]*Role', 'ClusterRole', true],
  ['[^C]*', 'ClusterRole', false],
  ['[a-c]x', 'bx', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['{a,b}', 'a', false],
  ['[a', 'a', false],
  ['[a', '[a', false],
  ['[]a]', 'a', false],
  ['[z-a]', 'b', false],
  ['[a-]', 'a', false],
  ['a\\', 'a', false],
  ['', '', true],
  ['*a*a*a*a*a*a*a*b', 'a'.repeat(500), false],
];

for (const [pattern, text, matches] of cases)
  test(`${pattern || 'nothing'} ${matches ? 'matches' : 'does not match'} ${text.slice(0, 20)}`, () => {
    assert.equal(pathMatch(pattern, text), matches);
  });

test('any pattern either matches or not; none throws', () => {
  const unit = fc.constantFrom('a', 'b', '/', '*', '?', '[', ']', '^', '-', '\\', '{');
  fc.assert(
    fc.property(fc.string({ unit }), fc.string({ unit }), (pattern, text) => {
      assert.equal(typeof pathMatch(pattern, text), 'boolean');
    }),
  );
});
