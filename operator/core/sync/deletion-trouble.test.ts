import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAfter, unreachableCluster } from './deletion-trouble.ts';

const SINCE = Date.parse('2026-01-01T00:00:00Z');
const at = (nowMs: number, message?: string) =>
  unreachableCluster('https://east:6443', 'connection refused', {
    conditions:
      message === undefined
        ? []
        : [{ type: 'DeletionError', message, lastTransitionTime: '2026-01-01T09:00:00Z' }],
    objects: 12,
    nowMs,
    parseTime: Date.parse,
    formatTime: (ms) => new Date(ms).toISOString().replace('.000Z', 'Z'),
  });

test('a cluster that does not answer: since when, what stays, and the way out', () => {
  const { message, afterMs } = at(SINCE);
  assert.equal(
    message,
    'cluster https://east:6443 has not answered since 2026-01-01T00:00:00Z (connection refused); until it does 12 objects there stay, and the Application with it. It is tried again by itself, less and less often; to go on and leave all objects alone set the annotation tiphys.io/let-go: "true"',
  );
  assert.equal(afterMs, 5_000);
});

test('the time it has not answered since stays, whatever the reason is by now', () => {
  const first = at(SINCE).message.replace('connection refused', 'timed out');
  const later = at(SINCE + 60_000, first);
  assert.match(later.message, /since 2026-01-01T00:00:00Z \(connection refused\)/);
  assert.equal(later.afterMs, 60_000);
  assert.match(at(SINCE, 'something else').message, /since 2026-01-01T00:00:00Z/);
});

test('it is tried again after as long as it has been going on, between 5 seconds and 5 minutes', () => {
  assert.deepEqual(
    [-1, 0, 6_000, 299_000, 1e9].map(retryAfter),
    [5_000, 5_000, 6_000, 299_000, 300_000],
  );
});
