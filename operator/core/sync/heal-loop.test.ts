import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isHealLoop, recordHeal, type HealRecord } from './heal-loop.ts';

const settings = { limit: 2, windowMs: 1_000 };
const drift = { targetHash: 'a', paths: ['spec.replicas'] };

function healed(times: number, everyMs = 100): HealRecord {
  let record: HealRecord | undefined;
  for (let index = 0; index < times; index += 1)
    record = recordHeal(record, drift, index * everyMs, settings);
  assert.ok(record !== undefined);
  return record;
}

describe('a heal loop', () => {
  const cases: readonly {
    readonly name: string;
    readonly record: HealRecord;
    readonly now?: { readonly targetHash: string; readonly paths: readonly string[] };
    readonly limit?: number;
    readonly loop: boolean;
  }[] = [
    { name: 'one healing is none', record: healed(1), loop: false },
    { name: 'the limit reached is one', record: healed(2), loop: true },
    { name: 'drift that comes back late is none', record: healed(3, 2_000), loop: false },
    {
      name: 'another field is another drift',
      record: healed(2),
      now: { targetHash: 'a', paths: ['spec.paused'] },
      loop: false,
    },
    {
      name: 'one field in common is enough',
      record: healed(2),
      now: { targetHash: 'a', paths: ['spec.paused', 'spec.replicas'] },
      loop: true,
    },
    {
      name: 'a new wish is a new try',
      record: healed(2),
      now: { targetHash: 'b', paths: ['spec.replicas'] },
      loop: false,
    },
    {
      name: 'read back from a condition, any field counts',
      record: { targetHash: 'a', paths: [], count: 2, atMs: 0 },
      loop: true,
    },
    { name: 'no limit, no loop', record: healed(9), limit: 0, loop: false },
  ];
  for (const { name, record, now = drift, limit = 2, loop } of cases)
    test(name, () => assert.equal(isHealLoop(record, now, { ...settings, limit }), loop));

  test('healing another field begins to count anew', () => {
    const other = { targetHash: 'a', paths: ['spec.paused'] };
    assert.equal(recordHeal(healed(2), other, 300, settings).count, 1);
  });
});
