import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Application, Operation, OperationState } from '../core/app/types.ts';
import { isStored, untilOwnSecond } from './resume-operation.ts';

const SECOND = '2026-01-31T12:00:00Z';
const SECOND_MS = Date.parse(SECOND);

const state = (
  sync: Operation['sync'],
  phase: OperationState['phase'] = 'Succeeded',
  startedAt = SECOND,
): OperationState => ({
  operation: sync === undefined ? {} : { sync },
  phase,
  startedAt,
  message: '',
});

const appWith = (operationState: OperationState | undefined): Application =>
  ({ status: operationState === undefined ? {} : { operationState } }) as Application;

describe('whether the status tells of an operation', () => {
  const heal = state({ autoHealAttemptsCount: 1 });
  const cases: readonly [string, OperationState | undefined, boolean][] = [
    ['the operation itself', state({ autoHealAttemptsCount: 1 }, 'Running'), true],
    ['nothing', undefined, false],
    [
      'one that began in another second',
      state({ autoHealAttemptsCount: 1 }, 'Running', '2026-01-31T11:59:59Z'),
      false,
    ],
    ['the sync that began within the same second', state({ revision: 'a' }), false],
    ['the self-heal before it within the same second', state({ autoHealAttemptsCount: 2 }), false],
  ];
  for (const [name, stored, expected] of cases)
    test(`${name}: ${expected}`, () => assert.equal(isStored(appWith(stored), heal), expected));
});

test('a beginning that was set within that second is not kept when the second is over by now', () => {
  const next = state({ revision: 'b' }, 'Running');
  assert.equal(untilOwnSecond(appWith(state({})), next, true, SECOND_MS + 1_060), 1);
});

describe('a sync with hooks begins in a second of its own', () => {
  const next = state({ revision: 'b' }, 'Running');
  const cases: readonly [string, OperationState | undefined, boolean, number][] = [
    ['after one of that second it waits for the next', state({}), true, 700],
    ['as well when that one failed', state({}, 'Failed'), true, 700],
    ['without hooks it does not wait', state({}), false, 0],
    [
      'after one of another second it does not wait',
      state({}, 'Failed', '2026-01-31T11:59:59Z'),
      true,
      0,
    ],
    ['its own later passes do not wait', state({ revision: 'b' }, 'Running'), true, 0],
    ['the first sync does not wait', undefined, true, 0],
  ];
  for (const [name, stored, hasHooks, waitMs] of cases)
    test(name, () =>
      assert.equal(untilOwnSecond(appWith(stored), next, hasHooks, SECOND_MS + 300), waitMs),
    );
});
