import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { monotonicMs, sleep } from '../controlplane/waiting.ts';
import { met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment } from './manifests.ts';

const signal = AbortSignal.timeout(1_800_000);
/** How long the API server is away. */
const OUTAGE_MS = 20_000;

describe('the API server goes away', () => {
  let plane: ControlPlane;
  let world: World;
  before(async () => {
    plane = await startControlPlane({ signal });
    world = await startWorld({ signal, cluster: plane });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  test('and comes back: what was committed meanwhile is deployed, drift is healed', async () => {
    await world.given(
      world.repository('apps', { 'a.yaml': configMap('a', 'one'), 'web.yaml': deployment('web') }),
    );
    const app = world.application('outage', { repoURL: world.git.urlOf('apps'), syncPolicy: true });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await plane.stopApiServer();
    await world.git.commit('apps', { files: { 'a.yaml': configMap('a', 'two') } });
    await sleep(OUTAGE_MS, signal);
    await plane.startApiServer(signal);
    await world.thenWithin(90_000, world.object('namespaces', app.name).exists(), app.isSynced());
    await world.when(app.refreshed());
    await world.thenWithin(
      90_000,
      object.has('data.value', 'two'),
      app.isSynced(),
      app.isHealthy(),
    );
  });

  test('and forgets its history: a relist finds what was deleted meanwhile', async () => {
    await world.given(world.repository('gone', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('gone', { repoURL: world.git.urlOf('gone'), syncPolicy: true });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await plane.compactHistory();
    await plane.stopApiServer();
    await plane.startApiServer(signal);
    await world.thenWithin(60_000, object.exists());
    await world.when(() =>
      world.kubectl(['delete', 'configmap', 'a', `--namespace=${app.name}`, '--wait=false']),
    );
    await world.thenWithin(
      90_000,
      object.has('data.value', 'one'),
      app.isSynced(),
      app.isHealthy(),
    );
  });
});

const syncsIn = (log: string) => log.split('"sync finished"').length - 1;

describe('two operators with leader election', () => {
  const election = (name: string) => ['--leader-election=true', `--identity=${name}`];
  /** From the kill to the next commit applied: 12 s of lease, up to 3 s of looking, and the sync. */
  const TAKES_OVER_MS = 20_000;

  test('only one works; when it is killed the other takes over in time', async (context) => {
    await using world = await startWorld({ signal, operator: false });
    world.startOperator(election('first'), 'first');
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', '0') }));
    const app = world.application('led', { repoURL: world.git.urlOf('apps'), syncPolicy: true });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    world.startOperator(election('second'), 'second');
    await world.thenEventually(async () => {
      const log = await world.operatorLog('second');
      return log.includes('standing by for leadership')
        ? { type: 'met', seen: 'the second stands by' }
        : { type: 'pending', seen: 'the second has not started' };
    });
    await world.when(world.pushed('apps', { files: { 'a.yaml': configMap('a', '1') } }));
    await world.when(app.refreshed());
    await world.thenEventually(object.has('data.value', '1'));
    assert.ok(!(await world.operatorLog('second')).includes('sync finished'), 'both worked');

    const last = await world.git.commit('apps', { files: { 'a.yaml': configMap('a', '2') } });
    const killedAtMs = monotonicMs();
    await world.stopOperator('SIGKILL', 'first');
    await world.when(app.refreshed());
    const leftMs = TAKES_OVER_MS - (monotonicMs() - killedAtMs);
    await world.thenWithin(leftMs, object.has('data.value', '2'));
    context.diagnostic(`taken over after ${Math.round(monotonicMs() - killedAtMs)} ms`);
    // No double work: each commit was synced once, by the one that led at its time.
    await world.thenEventually(app.isSynced(last), async () =>
      syncsIn(await world.operatorLog('second')) === 1 ? met() : pending('not finished'),
    );
    assert.equal(syncsIn(await world.operatorLog('first')), 2);
    const status = (await app.read(signal))?.['status'] as { history: readonly unknown[] };
    assert.equal(status.history.length, 3);
  });

  test('one that is stopped hands over at once', async () => {
    await using world = await startWorld({ signal, operator: false });
    world.startOperator(election('first'), 'first');
    await world.thenEventually(async () => {
      const log = await world.operatorLog('first');
      return log.includes('operator works')
        ? { type: 'met', seen: 'the first leads' }
        : { type: 'pending', seen: 'the first does not lead yet' };
    });
    world.startOperator(election('second'), 'second');
    await world.stopOperator('SIGTERM', 'first');
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', '0') }));
    const app = world.application('handed', { repoURL: world.git.urlOf('apps'), syncPolicy: true });
    await world.when(app.created());
    await world.thenWithin(15_000, app.isSynced(), app.isHealthy());
  });
});
