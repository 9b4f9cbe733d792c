import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createMemoryStateCache } from '../cache/memory-state-cache.ts';
import type { StateCache } from '../ports/state-cache.ts';
import { createVirtualClock } from '../runtime/clock.ts';
import { createRevocations } from './revocations.ts';

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;

/** Two servers with one state, which keeps nothing while it is away. */
function setUp() {
  const clock = createVirtualClock();
  const shared = createMemoryStateCache({ clock });
  let away = false;
  const states: StateCache = {
    ...shared,
    get: async (key, asked) => (away ? undefined : await shared.get(key, asked)),
    set: async (...entry) => !away && (await shared.set(...entry)),
  };
  const [one, two] = [createRevocations({ states, clock }), createRevocations({ states, clock })];
  return { clock, one, two, shared, goAway: () => void (away = true) };
}

describe('a token that was revoked', () => {
  test('counts no more at any server, for as long as it would have', async () => {
    const { clock, one, two } = setUp();
    await one.revoke('a', 40 * HOUR_MS, signal);
    await clock.advance(39 * HOUR_MS);
    for (const server of [one, two]) assert.equal(await server.isRevoked('a', signal), true);
    assert.equal(await one.isRevoked('b', signal), false);
    await clock.advance(HOUR_MS);
    for (const server of [one, two]) assert.equal(await server.isRevoked('a', signal), false);
  });

  test('is known where it was revoked, and where that was heard, while the state is away', async () => {
    const { clock, one, two, goAway } = setUp();
    await two.revoke('before', 40 * HOUR_MS, signal);
    goAway();
    await one.revoke('after', 40 * HOUR_MS, signal);
    for (const server of [one, two])
      for (const id of ['before', 'after'])
        assert.equal(await server.isRevoked(id, signal), true, id);
    await clock.advance(25 * HOUR_MS);
    assert.equal(await one.isRevoked('after', signal), true);
    assert.equal(await two.isRevoked('before', signal), true);
  });

  test('a message that is no name of a token is not kept', async () => {
    const { shared, two } = setUp();
    for (const id of ['', 'x'.repeat(1_001)]) {
      shared.publish('new-revoked-token', id);
      assert.equal(await two.isRevoked(id, signal), false);
    }
    shared.publish('new-revoked-token', 'x'.repeat(1_000));
    assert.equal(await two.isRevoked('x'.repeat(1_000), signal), true);
  });
});
