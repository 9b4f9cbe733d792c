import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { configMap, hangingHook, hookJob, inWave } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

interface EventOf {
  readonly metadata: { readonly resourceVersion: string };
  readonly involvedObject: { readonly name: string };
}

describe('syncs that take too long', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal, operator: false });
  });
  after(() => world[Symbol.asyncDispose]());

  for (const { flag, phase, told } of [
    {
      flag: '--sync-timeout=4s',
      phase: 'PreSync',
      told: /^Operation terminated, triggered by controller sync timeout$/,
    },
    {
      flag: '--sync-phase-timeout=4s',
      phase: 'PostSync',
      told: /^Operation terminated, triggered by controller sync timeout of phase PostSync \(4s\)$/,
    },
  ])
    test(`${flag}: a sync that waits in ${phase} is terminated and its hook taken away`, async () => {
      const base = phase.toLowerCase();
      world.startOperator([flag, '--sync-wave-delay=0s']);
      await world.given(
        world.repository(base, {
          'a.yaml': configMap('a', '1'),
          'hook.yaml': hangingHook('hangs', phase),
        }),
      );
      const syncPolicy = { syncOptions: ['CreateNamespace=true'] };
      const app = world.application(base, { repoURL: world.git.urlOf(base), syncPolicy });
      await world.when(app.created());
      await world.thenEventually(app.isOutOfSync());
      await world.when(app.synced(syncPolicy));
      const hook = world.object('jobs.batch', 'hangs', app.name);
      await world.thenEventually(hook.exists());
      await world.thenEventually(app.operationFailed(told), hook.isAbsent());
      await world.stopOperator('SIGTERM');
    });

  test('with one worker: a sync that waits holds nobody up, and waves keep their distance', async () => {
    world.startOperator(['--workers=1', '--sync-wave-delay=2s']);
    await world.given(
      world.repository('waiting', { 'hook.yaml': hangingHook('hangs', 'PreSync') }),
      world.repository('waves', {
        'a.yaml': configMap('a', '1'),
        'b.yaml': inWave(1, configMap('b', '1')),
      }),
    );
    const of = (base: string) =>
      world.application(base, { repoURL: world.git.urlOf(base), syncPolicy: true });
    const [waiting, waves] = [of('waiting'), of('waves')];
    await world.when(waiting.created(), waiting.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(waiting.operationSays(/completion of hook/));
    await world.when(waves.created());
    await world.thenEventually(waves.operationSucceeded(), waves.isSynced());
    await world.thenConsistently(300, waiting.operationSays(/completion of hook/));
    const [first = NaN, second = NaN] = await Promise.all(
      ['a', 'b'].map(async (name) => {
        const seen = await world.object('configmaps', name, waves.name).read(signal);
        return Date.parse(seen?.metadata.creationTimestamp ?? '');
      }),
    );
    assert.ok(second - first >= 2_000, `wave 1 came ${second - first} ms after wave 0`);
    await world.when(waiting.terminated());
    await world.thenEventually(waiting.operationFailed());
    await world.stopOperator('SIGTERM');
  });

  test('with one worker: a sync that has begun is brought to its end before all others have begun', async () => {
    await world.given(
      world.repository('begun', {
        'a.yaml': configMap('a', '1'),
        'b.yaml': inWave(1, configMap('b', '1')),
      }),
    );
    const apps = Array.from({ length: 20 }, (_, index) =>
      world.application(`begun-${index}`, {
        repoURL: world.git.urlOf('begun'),
        syncPolicy: true,
      }),
    );
    world.startOperator(['--workers=1', '--sync-wave-delay=0s']);
    await world.thenEventually(
      world.object('appprojects.argoproj.io', 'default', world.namespace).exists(),
    );
    await world.when(world.applied(...apps.map(({ object }) => object)));
    await world.thenEventually(...apps.map((app) => app.isSynced()));
    const eventsOf = async (reason: string): Promise<readonly number[]> => {
      const where = ['-n', world.namespace, '--field-selector', `reason=${reason}`];
      const { items } = JSON.parse(await world.kubectl(['get', 'events', ...where, '-o', 'json']));
      const names = apps.map(({ name }) => name);
      return items
        .filter(({ involvedObject }: EventOf) => names.includes(involvedObject.name))
        .map(({ metadata }: EventOf) => Number(metadata.resourceVersion));
    };
    await world.thenEventually(async () =>
      (await eventsOf('OperationCompleted')).length === apps.length
        ? { type: 'met', seen: 'all have ended' }
        : { type: 'pending', seen: 'some have not ended' },
    );
    const firstEnd = Math.min(...(await eventsOf('OperationCompleted')));
    const begun = await eventsOf('OperationStarted');
    const later = begun.filter((version) => version > firstEnd);
    assert.equal(begun.length, apps.length);
    assert.ok(later.length >= apps.length / 2, `${later.length} began after one had ended`);
    await world.stopOperator('SIGTERM');
  });

  test('with one worker: a Git server that does not answer holds nobody up, and what is changed meanwhile counts', async () => {
    await using silent = await startSilentServer();
    world.startOperator(['--workers=1']);
    await world.given(world.repository('answers', { 'a.yaml': configMap('a', '1') }));
    const repoURL = `http://127.0.0.1:${silent.port}/hangs.git`;
    const hangs = world.application('hangs', { repoURL, syncPolicy: true });
    const answers = world.application('answers', {
      repoURL: world.git.urlOf('answers'),
      syncPolicy: true,
    });
    await world.when(hangs.created());
    await silent.asked;
    await world.when(answers.created());
    await world.thenEventually(answers.isSynced(), answers.isHealthy());
    const left = await hangs.read(signal);
    assert.equal(left?.['status'], undefined, 'the pass over the other one still waits');

    const source = { repoURL: world.git.urlOf('answers'), path: '.', targetRevision: 'main' };
    await world.when(hangs.patched({ spec: { source } }));
    silent.close();
    await world.thenEventually(hangs.isSynced(), hangs.isHealthy());
    await world.stopOperator('SIGTERM');
  });

  test('with one worker: nor does one that falls silent while a sync runs or something is deleted', async () => {
    world.startOperator(['--workers=1', '--sync-wave-delay=0s']);
    await world.given(
      world.repository('runs', {
        'a.yaml': configMap('a', '1'),
        'hook.yaml': hangingHook('hangs', 'PreSync'),
      }),
      world.repository('goes', {
        'a.yaml': configMap('a', '1'),
        'hook.yaml': hookJob('farewell', 'PreDelete'),
      }),
      world.repository('works', { 'a.yaml': configMap('a', '1') }),
    );
    const of = (base: string, more: object = {}) =>
      world.application(base, { repoURL: world.git.urlOf(base), syncPolicy: true, ...more });
    const [runs, goes, works] = [of('runs'), of('goes', { cascade: true }), of('works')];
    await world.when(runs.created(), goes.created());
    await world.thenEventually(runs.operationSays(/completion of hook/), goes.isSynced());
    for (const name of ['runs', 'goes']) world.git.behave('hang', name);
    await world.when(runs.refreshed(), goes.deleted());
    await world.when(works.created());
    await world.thenEventually(works.isSynced(), works.isHealthy());
    // The passes over both still wait: nothing of them is seen.
    const farewell = world.object('jobs.batch', 'farewell', goes.name);
    await world.thenConsistently(0, farewell.isAbsent());
    const left = await runs.read(signal);
    assert.equal(left?.metadata.annotations?.['argocd.argoproj.io/refresh'], 'normal');

    for (const name of ['runs', 'goes']) world.git.behave('serve', name);
    await world.when(runs.terminated());
    await world.thenEventually(goes.isAbsent());
    await world.stopOperator('SIGTERM');
  });
});

/** Takes connections, and answers nothing. */
async function startSilentServer() {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('data', () => resolve());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, asked, close, [Symbol.asyncDispose]: async () => close() };
}
