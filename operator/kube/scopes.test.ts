import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNamespacedKind } from '../core/objects/scopes.ts';
import { systemClock } from '../runtime/clock.ts';
import { createKubeClient } from './kube-client.ts';
import { startRealApiServer } from './testing/real-api-server.ts';

test('the built-in scopes are those of a real API server, for every kind it has', async () => {
  await using plane = await startRealApiServer();
  await using client = createKubeClient({
    connection: plane.connection(),
    clock: systemClock,
    random: Math.random,
  });
  const { resources } = await client.discover(AbortSignal.timeout(30_000));
  assert.ok(resources.length > 50);
  for (const { group, kind, namespaced } of resources)
    assert.equal(isNamespacedKind({ group, kind }), namespaced, `${group}/${kind}`);
});
