import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import type { TestApplication } from '../language/application.ts';
import { configMap, hangingHook, inWave } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

/** It never becomes ready, so that the next wave waits. */
const STUCK = `apiVersion: v1
kind: Pod
metadata:
  name: stuck
  annotations: { tiphys.dev/stage: hang }
spec:
  containers: [{ name: main, image: busybox }]
`;

describe('a newer revision while a sync runs', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const waitsFor = (app: TestApplication, text: string) =>
    world
      .object('applications.argoproj.io', app.name, world.namespace)
      .matches(`waits for ${text}`, (object) => {
        const status = object['status'] as { operationState?: { message?: string } } | undefined;
        return status?.operationState?.message?.includes(text) === true;
      });

  test('ends an automated sync that waits for health', async () => {
    await world.given(
      world.repository('newer', {
        'stuck.yaml': STUCK,
        'late.yaml': inWave(2, configMap('late', '1')),
      }),
    );
    const app = world.application('newer', {
      repoURL: world.git.urlOf('newer'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(waitsFor(app, 'waiting for healthy state of Pod/stuck'));
    await world.when(world.pushed('newer', { remove: ['stuck.yaml'] }), app.refreshed());
    await world.thenEventually(
      app.isSynced(await world.git.revision('newer')),
      world.object('configmaps', 'late', app.name).has('data.value', '1'),
      world.object('pods', 'stuck', app.name).isAbsent(),
    );
  });

  test('does not end what a person asked for', async () => {
    await world.given(
      world.repository('by-hand', {
        'stuck.yaml': STUCK,
        'late.yaml': inWave(2, configMap('late', '1')),
      }),
    );
    const app = world.application('by-hand', {
      repoURL: world.git.urlOf('by-hand'),
      syncPolicy: { syncOptions: ['CreateNamespace=true'] },
    });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(waitsFor(app, 'waiting for healthy state of Pod/stuck'));
    await world.when(
      world.pushed('by-hand', { remove: ['stuck.yaml'] }),
      app.patched({ spec: { syncPolicy: { automated: {} } } }),
      app.refreshed(),
    );
    await world.thenConsistently(2_000, waitsFor(app, 'waiting for healthy state of Pod/stuck'));
  });

  test('waits for a hook to end, unless the hook may be stopped', async () => {
    await world.given(
      world.repository('hooked', {
        'a.yaml': configMap('a', '1'),
        'pre.yaml': hangingHook('pre', 'PreSync'),
      }),
    );
    const app = world.application('hooked', {
      repoURL: world.git.urlOf('hooked'),
      syncPolicy: true,
    });
    const a = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(waitsFor(app, 'waiting for completion of hook batch/Job/pre'));
    await world.when(world.pushed('hooked', { remove: ['pre.yaml'] }), app.refreshed());
    await world.thenConsistently(
      2_000,
      a.isAbsent(),
      waitsFor(app, 'waiting for completion of hook batch/Job/pre'),
    );
    await world.when(
      () =>
        world.kubectl([
          'annotate',
          'job',
          'pre',
          `--namespace=${app.name}`,
          'tiphys.io/interruptible=true',
        ]),
      app.refreshed(),
    );
    await world.thenEventually(app.isSynced(), a.has('data.value', '1'));
  });
});
