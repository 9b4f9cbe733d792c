import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { met, pending, type Expectation } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, generatedHook, staged, under } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

/** A chart that renders to something else each time, so that a render can be seen from outside. */
const dice = {
  'Chart.yaml': 'apiVersion: v2\nname: dice\nversion: 0.1.0\n',
  'templates/configmap.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: dice
data:
  value: {{ randAlphaNum 24 | quote }}
`,
};

/** Keeps a sync running for three seconds. */
const slowHook = staged(generatedHook('PreSync'), 'complete-after-3s');

describe('kubectl annotate application … argocd.argoproj.io/refresh', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const isServed =
    (app: TestApplication): Expectation =>
    async (stop) => {
      const asked = (await app.read(stop))?.metadata.annotations?.['argocd.argoproj.io/refresh'];
      return asked === undefined ? met('the annotation is gone') : pending(`refresh is ${asked}`);
    };

  test('normal renders only what changed in Git; hard renders anew; both are taken away', async () => {
    await world.given(world.repository('dice', under('dice', dice)));
    const app = world.application('dice', {
      repoURL: world.git.urlOf('dice'),
      path: 'dice',
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const thrown = world.object('configmaps', 'dice', app.name);
    const value = async () => {
      const data = (await thrown.read(signal))?.['data'] as { value: string } | undefined;
      return data?.value ?? assert.fail('there is no ConfigMap');
    };
    const first = await value();

    await world.when(app.refreshed('normal'));
    await world.thenEventually(isServed(app), app.isSynced());
    const commit = await world.git.commit('dice', { files: { 'README.md': 'beside the chart' } });
    await world.when(app.refreshed('normal'));
    await world.thenEventually(isServed(app), app.isSynced(commit));
    await world.thenConsistently(1_000, thrown.has('data.value', first), app.isSynced(commit));

    await world.when(app.refreshed('hard'));
    await world.thenEventually(
      isServed(app),
      thrown.matches('was rendered anew', ({ data }) => {
        const { value: now } = data as { value: string };
        return now !== first;
      }),
      app.isSynced(commit),
    );
    // Once, and not for ever after.
    const second = await value();
    await world.when(app.refreshed('normal'));
    await world.thenEventually(isServed(app));
    await world.thenConsistently(1_000, thrown.has('data.value', second), app.isSynced(commit));
  });

  test('asked for during a sync, it is served after the sync', async () => {
    await world.given(
      world.repository('busy', { 'a.yaml': configMap('a', 'one'), 'slow.yaml': slowHook }),
    );
    const app = world.application('busy', { repoURL: world.git.urlOf('busy'), syncPolicy: true });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(async (stop) => {
      const status = (await app.read(stop))?.['status'] as
        | { operationState?: { phase: string } }
        | undefined;
      const phase = status?.operationState?.phase;
      return phase === 'Running' ? met('the sync runs') : pending(`the operation is ${phase}`);
    });
    const commit = await world.git.commit('busy', { files: { 'a.yaml': configMap('a', 'two') } });
    await world.when(app.refreshed());
    await world.thenEventually(isServed(app));
    await world.thenEventually(app.isSynced(commit), object.has('data.value', 'two'));
  });
});
