import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import type { TestApplication } from '../language/application.ts';
import { configMap, generatedHook, hangingHook, inWave, staged } from './manifests.ts';

const signal = AbortSignal.timeout(3_600_000);
/** The long form is for `make soak`. */
const [APPLICATIONS, COMMITS] = process.env['TIPHYS_SOAK'] === '1' ? [50, 30] : [4, 4];

/** It never becomes ready, so that the next wave waits. */
const STUCK = `apiVersion: v1
kind: Pod
metadata:
  name: stuck
  annotations: {"tiphys.dev/stage":"hang"}
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

  const listed = async <T>(
    resource: string,
    app: TestApplication,
    ...more: string[]
  ): Promise<readonly T[]> => {
    const { stdout } = await world.kubectl.try([
      ...['get', resource, `--namespace=${app.name}`, '--output=json', ...more],
    ]);
    return (JSON.parse(stdout) as { items: readonly T[] }).items;
  };

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

  test(`${COMMITS} commits of which all but the last hang, over ${APPLICATIONS} applications: all end at the last, and no hook is cut off`, async () => {
    const folders = Array.from({ length: APPLICATIONS }, (_, index) => `load-${index}`);
    const contents = (value: string) =>
      folders.map((folder) => ({
        [`${folder}/pre.yaml`]: staged(generatedHook('PreSync'), 'complete-after-2s'),
        [`${folder}/first.yaml`]: configMap('first', value),
        [`${folder}/stuck.yaml`]: inWave(1, STUCK),
        [`${folder}/last.yaml`]: inWave(2, configMap('last', value)),
      }));
    await world.given(world.repository('load', Object.assign({}, ...contents('0'))));
    const repoURL = world.git.urlOf('load');
    const apps = folders.map((path) =>
      world.application(path, { repoURL, path, syncPolicy: true }),
    );
    const hangs = (app: TestApplication) => waitsFor(app, 'waiting for healthy state of Pod/stuck');
    const names = apps.map(({ name }) => name);
    const allRefreshed = () =>
      world.kubectl([
        ...['annotate', 'applications.argoproj.io', ...names, `--namespace=${world.namespace}`],
        ...['argocd.argoproj.io/refresh=normal', '--overwrite'],
      ]);
    await world.when(world.applied(...apps.map(({ object }) => object)));
    await world.thenWithin(300_000, ...apps.map(hangs));
    for (let commit = 1; commit < COMMITS; commit += 1) {
      await world.when(
        world.pushed('load', { files: Object.assign({}, ...contents(`${commit}`)) }),
      );
      await world.when(allRefreshed);
      // Some commits come while hooks run, others while the wave waits.
      if (commit % 2 === 0) await world.thenWithin(300_000, ...apps.slice(0, 1).map(hangs));
    }
    await world.when(
      world.pushed('load', { remove: folders.map((folder) => `${folder}/stuck.yaml`) }),
    );
    await world.when(allRefreshed);
    const commit = await world.git.revision('load');
    const value = `${COMMITS - 1}`;
    for (const app of apps) {
      await world.thenWithin(
        300_000,
        app.isSynced(commit),
        app.operationEndedWell(),
        world.object('configmaps', 'first', app.name).has('data.value', value),
        world.object('configmaps', 'last', app.name).has('data.value', value),
        world.object('pods', 'stuck', app.name).isAbsent(),
      );
      // The controller of Jobs tells of each that it made a Pod for, also of those that are gone.
      const [jobs, told] = await Promise.all([
        listed<Job>('jobs', app),
        listed<Told>('events', app, '--field-selector=involvedObject.kind=Job'),
      ]);
      const runs = [...new Set(told.map(({ involvedObject }) => involvedObject.name))];
      const commits = runs.map((name) => name.split('-').slice(0, 2).join('-'));
      assert.equal(new Set(commits).size, commits.length, `one run for each commit: ${runs}`);
      assert.ok(runs.length >= 2, `there were several syncs: ${runs}`);
      const ended = jobs.filter(({ status }) => status.succeeded === 1);
      const left = ended.map(({ metadata }) => metadata.name);
      assert.deepEqual(left.sort(), runs.sort(), `${app.name}: all that ran ended`);
    }
  });
});

interface Job {
  readonly metadata: { readonly name: string };
  readonly status: { readonly succeeded?: number };
}

interface Told {
  readonly involvedObject: { readonly name: string };
}
