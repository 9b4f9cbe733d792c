import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../core/objects/json.ts';
import { createFieldSetPool } from './field-set-pool.ts';

const parsed = (): JsonObject =>
  JSON.parse('{"f:spec":{"f:replicas":{},"f:paused":{}},"f:data":{".":{}}}') as JsonObject;

test('equal sets are one, and what is below their leaves is one too', () => {
  const pool = createFieldSetPool();
  const first = pool.share(parsed());
  assert.equal(pool.share(parsed()), first);
  const { 'f:replicas': replicas, 'f:paused': paused } = first['f:spec'] as JsonObject;
  assert.equal(replicas, paused);
});

test('a set stays what it says, whatever was shared before', () => {
  const set = fc.letrec<{ set: object }>((tie) => ({
    set: fc.oneof(
      { maxDepth: 4 },
      fc.constant({}),
      fc.dictionary(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', '.'), tie('set'), {
        maxKeys: 3,
      }),
    ),
  })).set;
  const pool = createFieldSetPool(3);
  fc.assert(
    fc.property(set, (fields) => {
      const shared = pool.share(structuredClone(fields) as JsonObject);
      assert.equal(JSON.stringify(shared), JSON.stringify(fields));
      assert.ok(Object.isFrozen(shared));
      assert.ok(pool.size <= 3);
    }),
  );
});
