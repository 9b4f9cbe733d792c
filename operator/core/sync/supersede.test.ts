import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationState, ResourceResult } from '../app/types.ts';
import { decideSupersede } from './supersede.ts';

const hook = (hookPhase: 'Running' | 'Succeeded'): ResourceResult => ({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  namespace: 'web',
  name: 'migrate',
  hookType: 'PreSync',
  hookPhase,
});

const running = (
  revision: string,
  resources: readonly ResourceResult[] = [],
  automated = true,
): OperationState => ({
  operation: { initiatedBy: { automated }, sync: {} },
  phase: 'Running',
  startedAt: '2026-01-01T00:00:00Z',
  syncResult: { revision, resources },
});

const cases = [
  { name: 'a newer revision', state: running('a'), decision: 'superseded by revision b' },
  { name: 'the same revision', state: running('b'), decision: 'NothingNewer' },
  { name: 'not resolved yet', state: running(''), decision: 'NothingNewer' },
  { name: 'what a person asked for', state: running('a', [], false), decision: 'NotAutomated' },
  { name: 'a running hook', state: running('a', [hook('Running')]), decision: 'HookRunning' },
  {
    name: 'a running hook that may be stopped',
    state: running('a', [hook('Running')]),
    interruptible: true,
    decision: 'superseded by revision b',
  },
  {
    name: 'a hook that ended',
    state: running('a', [hook('Succeeded')]),
    decision: 'superseded by revision b',
  },
];

for (const { name, state, interruptible = false, decision } of cases)
  test(`superseding: ${name}: ${decision}`, () => {
    const made = decideSupersede({
      state,
      revisions: ['b'],
      isInterruptible: () => interruptible,
    });
    assert.equal(made.type === 'keep' ? made.reason : made.message, decision);
  });

test('superseding: one of several sources moved', () => {
  const state = running('');
  const made = decideSupersede({
    state: { ...state, syncResult: { revisions: ['a', 'b'], resources: [] } },
    revisions: ['a', 'c'],
    isInterruptible: () => false,
  });
  assert.deepEqual(made, { type: 'supersede', message: 'superseded by revision a, c' });
});
