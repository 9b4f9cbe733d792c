import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { hasCode } from '../core/errors.ts';
import { createVirtualClock } from './clock.ts';
import { withDeadline } from './deadline.ts';

test('deadline: expires with a Timeout error, which is no shutdown', async () => {
  const clock = createVirtualClock();
  const parent = new AbortController();
  using deadline = withDeadline(parent.signal, 500, clock);
  await clock.advance(499);
  assert.equal(deadline.signal.aborted, false);
  await clock.advance(1);
  assert.ok(hasCode(deadline.signal.reason, 'Timeout'));
  assert.match(String(deadline.signal.reason), /500 ms/);
  assert.equal(parent.signal.aborted, false);
});

test('deadline: ends with its parent, whose reason it keeps', async () => {
  const clock = createVirtualClock();
  const parent = new AbortController();
  using deadline = withDeadline(parent.signal, 500, clock);
  parent.abort('shutdown');
  await clock.advance(1000);
  assert.equal(deadline.signal.reason, 'shutdown');
});

test('deadline: of an aborted parent is aborted from the start', () => {
  using deadline = withDeadline(AbortSignal.abort('gone'), 500, createVirtualClock());
  assert.equal(deadline.signal.reason, 'gone');
});

test('deadline: disposing leaves neither timer nor listener', async () => {
  const clock = createVirtualClock();
  const parent = new AbortController();
  for (let i = 0; i < 100; i++) withDeadline(parent.signal, 500, clock)[Symbol.dispose]();
  assert.equal(clock.pending, 0);
  assert.equal(getEventListeners(parent.signal, 'abort').length, 0);
});
