import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../core/objects/json.ts';
import { createTextPool } from './text-pool.ts';

test('what is shared stays as it was', () => {
  const pool = createTextPool(5);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const shared = structuredClone(value) as JsonValue;
      pool.share(shared);
      assert.deepEqual(shared, value);
    }),
  );
});

test('equal texts are known once, and no more of them than allowed', () => {
  const pool = createTextPool(3);
  const text = 'a text of some length';
  pool.share({ a: text, b: [text, { c: text }], short: 'short', long: 'x'.repeat(200) });
  assert.equal(pool.size, 1);
  for (let index = 0; index < 10; index += 1) pool.share([`another text, number ${index}`]);
  assert.ok(pool.size <= 3);
});

test('what is frozen is passed over', () => {
  const pool = createTextPool();
  pool.share(Object.freeze({ a: 'a text of some length' }));
  assert.equal(pool.size, 0);
});
