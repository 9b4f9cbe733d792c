import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationState, SyncPhase } from '../app/types.ts';
import { OWN_INFO, withInfo, withoutOwnInfo } from './own-info.ts';
import { currentPhase, notePhase, readPhase } from './phase-timeout.ts';

const NOON = Date.parse('2026-01-31T12:00:00Z');
const times = {
  parseTime: Date.parse,
  formatTime: (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z'),
};

const stateOf = (...phases: readonly SyncPhase[]): OperationState => ({
  operation: { sync: {}, info: [{ name: 'Reason', value: 'because' }] },
  phase: 'Running',
  startedAt: '2026-01-31T11:00:00Z',
  syncResult: {
    resources: phases.map((syncPhase, index) => ({
      ...{ group: '', version: 'v1', kind: 'ConfigMap', namespace: 'web', name: `n${index}` },
      syncPhase,
    })),
  },
});

const phases: readonly (readonly [readonly SyncPhase[], SyncPhase | undefined])[] = [
  [[], undefined],
  [['PreSync'], 'PreSync'],
  [['PreSync', 'Sync', 'PreSync'], 'Sync'],
  [['Sync', 'PostSync'], 'PostSync'],
  [['PreSync', 'SyncFail'], 'SyncFail'],
];
for (const [seen, expected] of phases)
  test(`phase: after results of ${seen.join(', ') || 'nothing'} it is ${expected}`, () => {
    assert.equal(currentPhase(stateOf(...seen)), expected);
  });

test('phase: it is noted when it begins, stays noted, and makes way for the next one', () => {
  const first = notePhase(stateOf('PreSync'), NOON, times);
  assert.deepEqual(readPhase(first, times), { phase: 'PreSync', sinceMs: NOON });
  assert.equal(notePhase(first, NOON + 60_000, times), first);
  const { operation } = first;
  const next = notePhase({ ...stateOf('PreSync', 'Sync'), operation }, NOON + 90_000, times);
  assert.deepEqual(readPhase(next, times), { phase: 'Sync', sinceMs: NOON + 90_000 });
  assert.deepEqual(withoutOwnInfo(next.operation), stateOf().operation);
});

test('phase: nothing is noted before anything began', () => {
  const state = stateOf();
  assert.equal(notePhase(state, NOON, times), state);
});

for (const value of ['', 'Sync', 'Sync yesterday', 'Sometime 2026-01-31T12:00:00Z'])
  test(`phase: "${value}" was not written by us, and is nothing`, () => {
    const operation = withInfo({}, OWN_INFO.phase, value);
    assert.equal(readPhase({ ...stateOf(), operation }, times), undefined);
  });
