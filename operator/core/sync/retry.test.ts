import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationState, RetryStrategy } from '../app/types.ts';
import { beginRetry, decideRetry, retryDelayMs, retryDueAt } from './retry.ts';

function failed(parts: Partial<OperationState> = {}, retry?: RetryStrategy): OperationState {
  return {
    operation: { sync: { revision: 'main' }, retry },
    phase: 'Failed',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:01:00Z',
    message: 'boom',
    syncResult: {
      revision: 'abc',
      resources: [{ group: '', version: 'v1', kind: 'ConfigMap', namespace: 'web', name: 'a' }],
    },
    ...parts,
  };
}

for (const { name, retry, retryCount, expected } of [
  { name: 'no strategy', retry: undefined, retryCount: 0, expected: 'exhausted' },
  { name: 'no limit', retry: {}, retryCount: 0, expected: 'exhausted' },
  { name: 'limit 0', retry: { limit: 0 }, retryCount: 0, expected: 'exhausted' },
  { name: 'the first of 2', retry: { limit: 2 }, retryCount: 0, expected: '#1 in 5000' },
  { name: 'the second of 2', retry: { limit: 2 }, retryCount: 1, expected: '#2 in 10000' },
  { name: 'a third of 2', retry: { limit: 2 }, retryCount: 2, expected: 'exhausted' },
  { name: 'a negative limit', retry: { limit: -1 }, retryCount: 99, expected: '#100 in 180000' },
  {
    name: 'an own backoff',
    retry: { limit: 5, backoff: { duration: '10s', factor: 3, maxDuration: '1m' } },
    retryCount: 1,
    expected: '#2 in 30000',
  },
  {
    name: 'a capped backoff',
    retry: { limit: 5, backoff: { duration: '10s', factor: 3, maxDuration: '1m' } },
    retryCount: 2,
    expected: '#3 in 60000',
  },
  {
    name: 'a bare number of seconds',
    retry: { limit: 5, backoff: { duration: '7' } },
    retryCount: 0,
    expected: '#1 in 7000',
  },
  {
    name: 'a maximum of 0, which is none',
    retry: { limit: 9, backoff: { duration: '1m', maxDuration: '0' } },
    retryCount: 3,
    expected: '#4 in 480000',
  },
  {
    name: 'nonsense',
    retry: { limit: 5, backoff: { duration: 'soon' } },
    retryCount: 0,
    expected: 'invalid',
  },
] as readonly {
  name: string;
  retry: RetryStrategy | undefined;
  retryCount: number;
  expected: string;
}[])
  test(`retry: ${name} is ${expected}`, () => {
    const decision = decideRetry(failed({ retryCount }, retry));
    const shown =
      decision.type === 'retry' ? `#${decision.attempt} in ${decision.announcedMs}` : decision.type;
    assert.equal(shown, expected);
  });

test('retry: the real delay is one factor longer than the announced one', () => {
  const waiting = failed({ phase: 'Running', retryCount: 1 }, { limit: 5 });
  assert.equal(retryDueAt(waiting, Date.parse), Date.parse('2026-01-01T00:01:10Z'));
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((attempt) => retryDelayMs({ limit: 5 }, attempt)),
    [10_000, 20_000, 40_000, 80_000, 160_000],
  );
});

test('retry: only an operation between two attempts is due at some time', () => {
  assert.equal(retryDueAt(failed({}, { limit: 5 }), Date.parse), undefined);
  const running = failed({ phase: 'Running', finishedAt: undefined }, { limit: 5 });
  assert.equal(retryDueAt(running, Date.parse), undefined);
});

test('retry: an attempt begins without results, at the same revision', () => {
  const begun = beginRetry(failed({ phase: 'Running', retryCount: 2 }, { limit: 5 }));
  assert.equal(begun.message, 'Retrying operation. Attempt #2');
  assert.equal(begun.startedAt, '2026-01-01T00:00:00Z');
  assert.equal(begun.finishedAt, undefined);
  assert.deepEqual(begun.syncResult, { revision: 'abc' });
  assert.equal(begun.operation.sync?.revision, 'main');
});

test('retry: an attempt keeps the notes about the operation, and drops those about the attempt before', () => {
  const kept = [
    { name: 'Reason', value: 'asked' },
    { name: 'tiphys.io/namespace-metadata', value: '{}' },
  ];
  const info = [
    ...kept,
    { name: 'tiphys.io/prune-waves', value: '0 1' },
    { name: 'tiphys.io/phase', value: 'Sync 2026-01-01T00:00:00Z' },
  ];
  const before = failed({ phase: 'Running', retryCount: 1 }, { limit: 5 });
  const begun = beginRetry({ ...before, operation: { ...before.operation, info } });
  assert.deepEqual(begun.operation.info, kept);
});

test('retry: with refresh it begins at the newest revision', () => {
  const begun = beginRetry(
    failed({ phase: 'Running', retryCount: 1 }, { limit: 5, refresh: true }),
  );
  assert.equal(begun.message, 'Retrying operation with latest revisions. Attempt #1');
  assert.equal(begun.operation.sync?.revision, undefined);
  assert.deepEqual(begun.syncResult, {});
});
