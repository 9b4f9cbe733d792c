import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenRequests } from './open-requests.ts';

test('a client with as many open requests as it may have is refused, others are not', () => {
  const requests = createOpenRequests(2);
  const first = requests.open('alice');
  requests.open('alice');
  assert.throws(() => requests.open('alice'), { code: 'TooManyRequests' });
  requests.open('bob');
  first[Symbol.dispose]();
  requests.open('alice');
  assert.throws(() => requests.open('alice'), { code: 'TooManyRequests' });
});

test('without a bound nobody is refused', () => {
  const requests = createOpenRequests(0);
  for (let count = 0; count < 5_000; count += 1) requests.open('alice');
});
