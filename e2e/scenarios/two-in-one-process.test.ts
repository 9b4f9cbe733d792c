import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connectionFromKubeconfig, createOperator, type Operator, systemClock } from 'tiphys';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

/** Two control planes in one cluster; the second is a guest of the first, so it removes its namespace. */
let first: World;
let second: World;
before(async () => {
  first = await startWorld({ signal, operator: false });
  const { kubeconfigPath } = first;
  second = await startWorld({
    signal,
    operator: false,
    cluster: { kubeconfigPath, keepLogs: () => {} },
  });
});
after(async () => {
  await first.kubectl(['delete', 'namespace', second.namespace, '--wait=false']);
  await second[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});

async function operatorIn({ kubeconfigPath, namespace }: World): Promise<Operator> {
  const connection = await connectionFromKubeconfig({ path: kubeconfigPath, clock: systemClock });
  return createOperator({ connection, namespace });
}

test('two operators in one process: each has its own Applications, and outlives the other', async () => {
  const listening = process.eventNames().length;
  await using stack = new AsyncDisposableStack();
  const one = stack.use(await operatorIn(first));
  const other = stack.use(await operatorIn(second));
  await Promise.all([one.start(signal), other.start(signal)]);
  assert.equal(process.eventNames().length, listening, 'neither listens to the process');

  const deployed = async (world: World, base: string) => {
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', 'one') }));
    // Into a namespace that goes with the first world.
    const namespace = first.name(base);
    const repoURL = world.git.urlOf('apps');
    const app = world.application(base, { repoURL, namespace, syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    return { app, object: world.object('configmaps', 'a', namespace) };
  };
  const left = await deployed(first, 'left');
  const right = await deployed(second, 'right');

  await one[Symbol.asyncDispose]();
  for (const [world, { app }] of [
    [first, left],
    [second, right],
  ] as const)
    await world.when(
      world.pushed('apps', { files: { 'a.yaml': configMap('a', 'two') } }),
      app.refreshed(),
    );
  await second.thenEventually(right.object.has('data.value', 'two'), right.app.isSynced());
  await first.thenConsistently(0, left.object.has('data.value', 'one'));
  assert.deepEqual(other.notReady, []);
});
