import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { withFinalizer } from '../runtime/finalizer.ts';
import { createFinalizerStore } from './finalizer-store.ts';
import { createKubeClient } from './kube-client.ts';
import { startRealApiServer } from './testing/real-api-server.ts';

const signal = new AbortController().signal;

test('finalizers on a real API server: held, refused when it changed, let go once', async () => {
  await using api = await startRealApiServer();
  await using client = createKubeClient({
    connection: api.connection(),
    clock: systemClock,
    random: Math.random,
  });
  const resource = (await client.discover(signal)).findKind({ group: '', kind: 'ConfigMap' });
  assert.ok(resource);
  const address = { resource, namespace: 'default', name: 'team' };
  const metadata = { namespace: 'default', name: 'team' };
  const store = createFinalizerStore({ client, resource });
  const calls: string[] = [];
  const step = withFinalizer({
    name: 'example.com/team',
    store,
    async reconcile() {
      calls.push('reconcile');
      return { type: 'done' };
    },
    async cleanUp() {
      calls.push('clean up');
      return { type: 'done' };
    },
  });
  const created = await client.create(
    address,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata },
    {},
    signal,
  );

  await client.patch(address, { data: { changed: 'meanwhile' } }, { type: 'merge' }, signal);
  assert.equal((await step(created, signal)).type, 'requeue', 'the read is too old');
  const changed = await client.get(address, signal);
  assert.ok(changed);
  assert.deepEqual(store.finalizersOf(changed), []);

  assert.deepEqual(await step(changed, signal), { type: 'done' });
  await client.delete(address, {}, signal);
  const going = await client.get(address, signal);
  assert.ok(going, 'it is held');
  assert.deepEqual(going['data'], { changed: 'meanwhile' });
  assert.deepEqual(store.finalizersOf(going), ['example.com/team']);

  assert.deepEqual(await step(going, signal), { type: 'done' });
  assert.equal(await client.get(address, signal), undefined, 'it was let go');
  assert.equal((await step(going, signal)).type, 'requeue', 'it is gone already');
  assert.deepEqual(calls, ['reconcile', 'clean up', 'clean up']);

  // Another object of the same name is not touched by what was read of the one before.
  await client.create(address, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, {}, signal);
  assert.equal(await store.store(going, ['x'], signal), undefined);
});
