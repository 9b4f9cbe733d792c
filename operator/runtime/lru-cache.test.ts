import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLruCache } from './lru-cache.ts';

test('keeps what was used last, within its weight', () => {
  const cache = createLruCache<string, number>(3);
  cache.set('a', 1, 1);
  cache.set('b', 2, 1);
  cache.set('c', 3, 1);
  assert.equal(cache.get('a'), 1);
  cache.set('d', 4, 1);
  assert.equal(cache.get('b'), undefined);
  assert.equal(cache.get('a'), 1);
  cache.set('huge', 5, 4);
  assert.equal(cache.get('huge'), undefined);
  assert.equal(cache.size, 3);
});

test('its weight is never over the bound and always that of what it holds', () => {
  const step = fc.record({ key: fc.nat(5), weight: fc.nat(6), read: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const cache = createLruCache<number, number>(10);
      for (const { key, weight, read } of steps) {
        if (read) cache.get(key);
        else cache.set(key, weight, weight);
        assert.ok(cache.weight <= 10);
      }
      let sum = 0;
      for (let key = 0; key <= 5; key += 1) sum += cache.get(key) ?? 0;
      assert.equal(sum, cache.weight);
    }),
  );
});
