import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Opponent } from '../diff/owned-differences.ts';
import { describeHealLoop } from './describe-heal-loop.ts';

const owner = (manager: string, ...fields: readonly string[]): Opponent => ({
  manager,
  operation: 'Update',
  differences: fields.map((field) => ({ desired: ['spec', field], live: ['spec', field] })),
});

describe('what is said of an object that is set back again and again', () => {
  const cases: readonly {
    readonly name: string;
    readonly paths: readonly string[];
    readonly opponents: readonly Opponent[];
    readonly says: RegExp;
  }[] = [
    {
      name: 'the manager, its field, and a rule by manager',
      paths: ['spec.replicas', 'spec.note'],
      opponents: [owner('hpa', 'replicas')],
      says: /^spec\.replicas was set back 5 times in a row by field manager "hpa", so .* managedFieldsManagers: \[hpa\], or stop/,
    },
    {
      name: 'a manager with two entries once',
      paths: ['spec.a'],
      opponents: [owner('hpa', 'a'), owner('hpa', 'b')],
      says: /^spec\.a, spec\.b were set back .* by field manager "hpa", so .* \[hpa\]/,
    },
    {
      name: 'no rule by manager where nobody is known',
      paths: ['spec.a', 'spec.b'],
      opponents: [],
      says: /^spec\.a, spec\.b were set back .* by an unknown manager, so .* with jsonPointers for them, or stop/,
    },
    {
      name: 'no rule by manager where the manager writes other names',
      paths: ['spec.size.count'],
      opponents: [{ ...owner('old'), otherVersion: 'example.com/v1beta1' }],
      says: /^spec\.size\.count was set back .* by field manager "old" \(which writes example\.com\/v1beta1, where the fields have other names\), so .* with jsonPointers for them/,
    },
  ];
  for (const { name, paths, opponents, says } of cases)
    test(name, () => {
      assert.match(describeHealLoop({ paths, count: 5, opponents }), says);
    });
});
