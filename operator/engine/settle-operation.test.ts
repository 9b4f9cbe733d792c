import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OperationState, SyncPhase } from '../core/app/types.ts';
import type { SyncPass } from './run-sync-pass.ts';
import { settleOperation } from './settle-operation.ts';

const START = Date.parse('2026-01-31T12:00:00Z');
const NO_LIMITS = { timeoutMs: 0, phaseTimeoutMs: 0 };

function passIn(phase: SyncPhase, operation: OperationState['operation'] = {}): SyncPass {
  const result = { group: 'batch', version: 'v1', kind: 'Job', namespace: 'web', name: 'one' };
  return {
    state: {
      operation,
      phase: 'Running',
      startedAt: '2026-01-31T12:00:00Z',
      message: 'waiting',
      syncResult: { resources: [{ ...result, syncPhase: phase }] },
    },
    next: 'waiting',
    wrote: false,
    pause: false,
  };
}

describe('limits of an operation that goes on', () => {
  test('without any it goes on, and nothing is noted', () => {
    const pass = passIn('Sync');
    const settled = settleOperation(pass, { nowMs: START + 1e9, ...NO_LIMITS });
    assert.deepEqual(settled, { state: pass.state, type: 'going-on', afterMs: undefined });
  });

  test('it is looked at again when its time is over, and terminated then', () => {
    const limits = { ...NO_LIMITS, timeoutMs: 60_000 };
    const before = settleOperation(passIn('Sync'), { nowMs: START + 60_000, ...limits });
    assert.equal(before.state.phase, 'Running');
    assert.equal(before.dueAtMs, START + 60_001);
    const after = settleOperation(passIn('Sync'), { nowMs: START + 60_001, ...limits });
    assert.equal(after.state.phase, 'Terminating');
    assert.equal(after.state.message, 'operation is terminating due to timeout');
  });

  test('the time of a phase counts from its first result, and begins anew with the next phase', () => {
    const limits = { ...NO_LIMITS, phaseTimeoutMs: 60_000 };
    const first = settleOperation(passIn('PreSync'), { nowMs: START + 500_000, ...limits });
    assert.equal(first.state.phase, 'Running');
    assert.equal(first.dueAtMs, START + 560_001);
    const { operation } = first.state;
    const next = settleOperation(passIn('Sync', operation), { nowMs: START + 570_000, ...limits });
    assert.equal(next.state.phase, 'Running');
    assert.equal(next.dueAtMs, START + 630_001);
    const late = settleOperation(passIn('PreSync', operation), {
      nowMs: START + 561_000,
      ...limits,
    });
    assert.equal(late.state.phase, 'Terminating');
    assert.equal(
      late.state.message,
      'operation is terminating due to timeout of phase PreSync (60s)',
    );
  });
});
