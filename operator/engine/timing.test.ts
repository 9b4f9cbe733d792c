import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../core/app/types.ts';
import type { AppMemory } from './app-memory.ts';
import type { EngineSettings } from './ports.ts';
import { nextLook, resyncPeriod, retryDelay, untilResync } from './timing.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const YEARS = 10 * 365 * 86_400_000;
const settings = (resyncMs: number) => ({ resyncMs, resyncJitterMs: 60_000 }) as EngineSettings;
const memory = (more: Partial<AppMemory> = {}) =>
  ({ jitter: 0.5, failures: 0, ...more }) as AppMemory;
const comparedAgo = (ms: number) =>
  ({ status: { reconciledAt: new Date(NOW - ms).toISOString() } }) as Application;

test('a comparison is due when the period and its random part are over', () => {
  assert.equal(resyncPeriod(memory(), settings(180_000)), 210_000);
  assert.equal(untilResync(comparedAgo(10_000), memory(), settings(180_000), NOW), 200_000);
  assert.equal(untilResync(comparedAgo(900_000), memory(), settings(180_000), NOW), 1_000);
});

test('with a period of 0 only a sync window leads to a look, and nothing turns in circles', () => {
  assert.equal(resyncPeriod(memory(), settings(0)), 0);
  for (const ago of [0, 10_000, YEARS])
    assert.ok(untilResync(comparedAgo(ago), memory(), settings(0), NOW) > YEARS);
  const opens = memory({ windowChangeMs: NOW + 5_000 });
  assert.equal(untilResync(comparedAgo(10_000), opens, settings(0), NOW), 5_000);
  assert.ok(nextLook(settings(0)) > YEARS);
  assert.ok(Number.isFinite(nextLook(settings(0))));
  assert.equal(nextLook(settings(180_000)), 180_000);
});

test('what failed is tried again ever later, at most after the period or three minutes', () => {
  const delays = (resyncMs: number) =>
    [0, 1, 2, 50].map((failures) => retryDelay(memory({ failures }), settings(resyncMs)));
  assert.deepEqual(delays(60_000), [5_000, 10_000, 20_000, 60_000]);
  assert.deepEqual(delays(0), [5_000, 10_000, 20_000, 180_000]);
});
