import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  ERROR_CATALOGUE,
  hasCode,
  toTiphysError,
  withHint,
  TiphysError,
  type ErrorCode,
  type Retry,
} from './errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')).trim(), section]),
);
const codes = Object.keys(ERROR_CATALOGUE) as ErrorCode[];

test('docs/errors.md explains every code and no other, in the order of the catalogue', () => {
  assert.deepEqual([...sections.keys()], codes);
});

for (const code of codes) {
  test(`docs/errors.md tells the hint and the retry of ${code}`, () => {
    const section = sections.get(code) ?? '';
    const { hint, retry } = ERROR_CATALOGUE[code];
    assert.ok(section.includes(`\nHint: ${hint}\n`), `expected the line: Hint: ${hint}`);
    assert.ok(section.includes(`\nRetry: ${words(retry)}\n`), `expected: Retry: ${words(retry)}`);
  });
}

function words(retry: Retry): string {
  return retry === 'never' ? 'never' : 'with backoff';
}

test('an error takes hint and retry from the catalogue unless it has its own', () => {
  const plain = new TiphysError('PathNotFound', 'guestbook: does not exist');
  assert.equal(plain.hint, ERROR_CATALOGUE.PathNotFound.hint);
  assert.equal(plain.retry, 'never');
  const own = new TiphysError('KubeTooManyRequests', 'busy', {
    hint: 'Wait.',
    retry: { afterMs: 5 },
  });
  assert.equal(own.hint, 'Wait.');
  assert.deepEqual(own.retry, { afterMs: 5 });
});

test('a foreign error becomes Internal and stays as the cause', () => {
  const cause = new Error('boom');
  const error = toTiphysError(cause);
  assert.ok(hasCode(error, 'Internal'));
  assert.equal(error.cause, cause);
  assert.equal(toTiphysError(error), error);
  assert.equal(toTiphysError('text').message, 'text');
});

for (const [message, hint, told] of [
  ['a: is broken', 'Repair it.', 'a: is broken. Repair it.'],
  ['a: is broken.', 'Repair it.', 'a: is broken. Repair it.'],
  ['a: is broken\n', 'Repair it.', 'a: is broken. Repair it.'],
  ['a: is broken. Repair it.', 'Repair it.', 'a: is broken. Repair it.'],
  ['a: is broken', '', 'a: is broken'],
] as const)
  test(`${JSON.stringify(message)} with ${JSON.stringify(hint)} is told as ${JSON.stringify(told)}`, () => {
    assert.equal(withHint({ message, hint }), told);
  });
