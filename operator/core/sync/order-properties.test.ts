import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareTasks, PHASES, type Ordered } from './order.ts';

// The order of tasks is total: whatever the input, there is one way to line tasks up.

/** Few names, so that tasks differ in one thing only. */
const anyTask: fc.Arbitrary<Ordered> = fc.record(
  {
    phase: fc.constantFrom(...PHASES),
    wave: fc.integer({ min: -2, max: 2 }),
    group: fc.constantFrom('', 'apps', 'example.com'),
    kind: fc.constantFrom('Namespace', 'ConfigMap', 'Deployment', 'Widget', 'Gadget'),
    namespace: fc.constantFrom('', 'one', 'two'),
    name: fc.constantFrom('a', 'b', 'Z'),
  },
  { noNullPrototype: true },
);

const isSame = (one: Ordered, other: Ordered): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

test('any two tasks: one comes first, unless they are the same; turning them round turns the answer', () => {
  fc.assert(
    fc.property(anyTask, anyTask, (one, other) => {
      const answer = Math.sign(compareTasks(one, other));
      assert.equal(answer === 0, isSame(one, other));
      assert.equal(Math.sign(compareTasks(other, one)), answer === 0 ? 0 : -answer);
    }),
    { numRuns: 2_000 },
  );
});

test('any three tasks: the order goes no circle', () => {
  fc.assert(
    fc.property(anyTask, anyTask, anyTask, (one, two, three) => {
      if (compareTasks(one, two) <= 0 && compareTasks(two, three) <= 0)
        assert.ok(compareTasks(one, three) <= 0);
    }),
    { numRuns: 5_000 },
  );
});

test('any tasks, shuffled: the same order', () => {
  const shuffled = fc
    .array(anyTask, { maxLength: 20 })
    .chain((tasks) =>
      fc.tuple(
        fc.constant(tasks),
        fc.shuffledSubarray(tasks, { minLength: tasks.length, maxLength: tasks.length }),
      ),
    );
  fc.assert(
    fc.property(shuffled, ([tasks, others]) => {
      assert.deepEqual(others.toSorted(compareTasks), tasks.toSorted(compareTasks));
    }),
    { numRuns: 500 },
  );
});
