import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { sleep } from '../controlplane/waiting.ts';
import type { TestApplication } from '../language/application.ts';
import { met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { annotated, configMap, hangingHook, hookJob, staged } from './manifests.ts';

const signal = AbortSignal.timeout(900_000);
const OPERATOR = ['--sync-wave-delay=0s'];
const FAILED = /^one or more synchronization tasks completed unsuccessfully/;

describe('hooks of a sync', () => {
  let plane: ControlPlane;
  let world: World;
  before(async () => {
    plane = await startControlPlane({ signal, audit: true });
    world = await startWorld({ signal, cluster: plane, operator: OPERATOR });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  const syncPolicy = { syncOptions: ['CreateNamespace=true'] };
  const policy = (text: string) => ({ 'argocd.argoproj.io/hook-delete-policy': text });
  const expiring = (text: string) =>
    text.replace('spec:\n', 'spec:\n  ttlSecondsAfterFinished: 0\n');
  const job = (name: string, app: TestApplication) => world.object('jobs.batch', name, app.name);
  const isLeft = (name: string, app: TestApplication, resource = 'jobs.batch') =>
    world
      .object(resource, name, app.name)
      .matches('stands, and nothing holds it', ({ metadata }) => !('finalizers' in metadata));

  const made = async (base: string, files: Readonly<Record<string, string>>) => {
    await world.given(world.repository(base, { ...files, 'a.yaml': configMap('a', '1') }));
    const app = world.application(base, { repoURL: world.git.urlOf(base), syncPolicy });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    return app;
  };
  /** Starts a sync and waits until that very one has ended. */
  const synced = async (app: TestApplication, how: 'well' | 'badly', message = FAILED) => {
    const { finishedAt: before } = await operationOf(app);
    await sleep(1_100, signal); // times in status have whole seconds
    await world.when(app.synced(syncPolicy));
    await world.thenEventually(() => endedSince(app, before));
    await world.thenEventually(
      how === 'well' ? app.operationSucceeded() : app.operationFailed(message),
    );
  };
  async function operationOf(app: TestApplication) {
    const status = ((await app.read(signal))?.['status'] ?? {}) as {
      operationState?: { startedAt?: string; finishedAt?: string; phase?: string };
    };
    return status.operationState ?? {};
  }
  async function isRunning(app: TestApplication) {
    const { phase, finishedAt } = await operationOf(app);
    const runs = phase === 'Running' && finishedAt === undefined;
    return runs
      ? ({ type: 'met', seen: 'the sync runs' } as const)
      : ({ type: 'pending', seen: `the sync does not run (${phase})` } as const);
  }
  async function endedSince(app: TestApplication, before: string | undefined) {
    const { finishedAt, phase } = await operationOf(app);
    const isOver = finishedAt !== undefined && finishedAt !== before && phase !== 'Running';
    return isOver
      ? ({ type: 'met', seen: `ended at ${finishedAt}` } as const)
      : ({ type: 'pending', seen: `the sync has not ended (${phase})` } as const);
  }
  const timesMade = async (app: TestApplication, name: string): Promise<number> =>
    (await plane.auditedWrites()).filter(
      (write) =>
        write.namespace === app.name &&
        write.name === name &&
        write.subresource === '' &&
        write.userAgent === 'tiphys' &&
        !write.dryRun &&
        write.code === 201,
    ).length;

  test('BeforeHookCreation, the default: it stays, and the next sync makes another one', async () => {
    const app = await made('before', { 'job.yaml': hookJob('migrate', 'PreSync') });
    await synced(app, 'well');
    await world.thenEventually(isLeft('migrate', app));
    const first = await job('migrate', app).read(signal);
    await synced(app, 'well');
    await world.thenEventually(
      isLeft('migrate', app),
      job('migrate', app).matches(
        'is another one',
        ({ metadata }) => metadata.uid !== first?.metadata.uid,
      ),
    );
    assert.equal(await timesMade(app, 'migrate'), 2);
  });

  test('HookSucceeded: it goes when the sync has succeeded, each time, and stays when it has not', async () => {
    const app = await made('succeeded', {
      'job.yaml': annotated(hookJob('migrate', 'PreSync'), policy('HookSucceeded')),
    });
    for (const time of [1, 2]) {
      await synced(app, 'well');
      await world.thenEventually(job('migrate', app).isAbsent());
      assert.equal(await timesMade(app, 'migrate'), time);
    }
    const failing = annotated(
      staged(hookJob('after', 'PostSync'), 'fail'),
      policy('HookSucceeded'),
    );
    await world.when(world.pushed('succeeded', { files: { 'after.yaml': failing } }));
    await world.when(app.refreshed('hard'));
    await synced(app, 'badly');
    await world.thenEventually(isLeft('migrate', app), isLeft('after', app));
  });

  test('HookFailed: it goes when the sync has failed, each time, and stays when it has not', async () => {
    const app = await made('failed', {
      'job.yaml': annotated(staged(hookJob('migrate', 'PreSync'), 'fail'), policy('HookFailed')),
      'alarm.yaml': hookJob('alarm', 'SyncFail'),
    });
    for (const time of [1, 2]) {
      await synced(app, 'badly');
      await world.thenEventually(
        job('migrate', app).isAbsent(),
        job('alarm', app).has('status.succeeded', 1),
      );
      assert.equal(await timesMade(app, 'migrate'), time);
      assert.equal(await timesMade(app, 'alarm'), time);
      await world.thenConsistently(300, world.object('configmaps', 'a', app.name).isAbsent());
    }
    const mended = annotated(hookJob('migrate', 'PreSync'), policy('HookFailed'));
    await world.when(
      world.pushed('failed', { files: { 'job.yaml': mended } }),
      app.refreshed('hard'),
    );
    await synced(app, 'well');
    await world.thenEventually(isLeft('migrate', app), app.isSynced());
    assert.equal(await timesMade(app, 'alarm'), 2);
  });

  test('one that deletes itself when it has ended is no failure, though nobody was there', async () => {
    const slow = staged(hookJob('migrate', 'PreSync'), 'complete-after-2s');
    const app = await made('expiring', { 'job.yaml': expiring(slow) });
    for (const time of [1, 2]) {
      const { finishedAt: before } = await operationOf(app);
      await world.when(app.synced(syncPolicy));
      await world.thenEventually(job('migrate', app).exists(), () => isRunning(app));
      await world.stopOperator('SIGKILL');
      await world.thenEventually(
        job('migrate', app).matches(
          'goes, and is held',
          ({ metadata }) => metadata.deletionTimestamp !== undefined,
        ),
      );
      world.startOperator(OPERATOR);
      await world.thenEventually(() => endedSince(app, before));
      await world.thenEventually(app.operationSucceeded(), job('migrate', app).isAbsent());
      assert.equal(await timesMade(app, 'migrate'), time);
    }
  });

  test('one with a generated name is made once in each sync', async () => {
    const generated = hookJob('', 'PreSync').replace('name: \n', 'generateName: migrate-\n');
    const app = await made('generated', { 'job.yaml': generated });
    const jobs = () => world.reader.list('jobs.batch', app.name, signal);
    await synced(app, 'well');
    const [first, ...others] = await jobs();
    assert.match(first?.metadata.name ?? '', /^migrate-[0-9a-f]{7}-presync-\d+$/);
    assert.deepEqual(others, []);
    await synced(app, 'well');
    assert.equal((await jobs()).length, 2);
  });

  test('one that is deleted while it runs has failed', async () => {
    const app = await made('taken', { 'job.yaml': hangingHook('migrate', 'PreSync') });
    await world.when(app.synced(syncPolicy));
    await world.thenEventually(job('migrate', app).exists());
    await world.kubectl(['delete', 'job', 'migrate', `--namespace=${app.name}`, '--wait=false']);
    await world.thenEventually(
      app.operationFailed(/hook batch\/Job\/migrate was deleted before it had ended/),
      job('migrate', app).isAbsent(),
    );
  });

  for (const phase of ['PreSync', 'Sync', 'PostSync', 'SyncFail'])
    test(`a sync that is terminated in phase ${phase} takes its running hook away`, async () => {
      const base = `terminated-${phase.toLowerCase()}`;
      const fails = staged(hookJob('fails', 'PreSync'), 'fail');
      const reason: Record<string, string> = phase === 'SyncFail' ? { 'fails.yaml': fails } : {};
      const app = await made(base, { 'job.yaml': hangingHook('migrate', phase), ...reason });
      await world.when(app.synced(syncPolicy));
      await world.thenEventually(
        job('migrate', app).exists(),
        app.operationSays(/completion of hook/),
      );
      await world.when(app.terminated());
      await world.thenEventually(
        app.operationFailed(/Operation terminated/),
        job('migrate', app).isAbsent(),
      );
      await world.when(
        world.pushed(base, {
          files: { 'job.yaml': hookJob('migrate', phase) },
          remove: Object.keys(reason),
        }),
        app.refreshed('hard'),
      );
      await synced(app, 'well');
    });

  test('an Application that is deleted while a hook runs leaves nothing that cannot be deleted', async () => {
    const app = await made('orphaned', {
      'job.yaml': hangingHook('migrate', 'PreSync'),
    });
    await world.when(app.synced(syncPolicy));
    await world.thenEventually(
      job('migrate', app).exists(),
      app.operationSays(/completion of hook/),
    );
    await world.when(app.deleted());
    await world.thenEventually(app.isAbsent(), isLeft('migrate', app));
  });

  test('syncs that follow each other within a second run their hooks anew each time', async () => {
    const hook = annotated(configMap('before', '1'), { 'argocd.argoproj.io/hook': 'PreSync' });
    const app = await made('quick', { 'before.yaml': hook });
    const before = world.object('configmaps', 'before', app.name);
    const runs = new Set<string | undefined>();
    for (let turn = 1; turn <= 6; turn += 1) {
      const { startedAt: last } = await operationOf(app);
      await world.when(app.synced(syncPolicy));
      await world.thenEventually(async () => {
        const { startedAt, phase = '' } = await operationOf(app);
        const isNext = startedAt !== last && phase === 'Succeeded';
        return isNext ? met(phase) : pending(`${phase} since ${startedAt}`);
      });
      runs.add((await before.read(signal))?.metadata.uid);
    }
    assert.equal(runs.size, 6);
  });

  test('a custom resource is waited for by its health, and fails by it', async () => {
    const crd = { ...WORKFLOWS };
    await world.given(world.applied(crd));
    const workflow = annotated(
      'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:\n  name: migrate\nspec: { entrypoint: main }\n',
      { 'argocd.argoproj.io/hook': 'PreSync' },
    );
    const app = await made('custom', { 'workflow.yaml': workflow });
    const hook = world.object('workflows.argoproj.io', 'migrate', app.name);
    const ends = (phase: string, message: string) => () =>
      world.kubectl([
        ...['patch', 'workflows.argoproj.io', 'migrate', `--namespace=${app.name}`, '--type=merge'],
        `--patch=${JSON.stringify({ status: { phase, message } })}`,
      ]);
    await world.when(app.synced(syncPolicy));
    await world.thenEventually(
      app.operationSays(/completion of hook argoproj\.io\/Workflow\/migrate/),
    );
    await world.when(ends('Running', ''));
    await world.thenConsistently(700, world.object('configmaps', 'a', app.name).isAbsent());
    await world.when(ends('Failed', 'the schema is too old'));
    await world.thenEventually(
      app.operationFailed(FAILED),
      isLeft('migrate', app, 'workflows.argoproj.io'),
    );
    const first = await hook.read(signal);
    await world.when(app.synced(syncPolicy));
    await world.thenEventually(
      hook.matches('is another one', ({ metadata }) => metadata.uid !== first?.metadata.uid),
      app.operationSays(/completion of hook argoproj\.io\/Workflow\/migrate/),
    );
    await world.when(ends('Succeeded', ''));
    await world.thenEventually(app.operationSucceeded(), app.isSynced());
    const limited = annotated(workflow, { 'tiphys.io/hook-deadline': '2s' });
    await world.when(
      world.pushed('custom', { files: { 'workflow.yaml': limited } }),
      app.synced(syncPolicy),
    );
    await world.thenEventually(app.operationSays(/completion of hook .*Workflow\/migrate/));
    await world.thenEventually(
      app.operationFailed(/Workflow\/migrate did not end within its deadline of 2s$/),
      hook.has('spec.shutdown', 'Stop'),
    );
  });
});

/** As the project that brings it defines it: no status subresource. */
const WORKFLOWS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'workflows.argoproj.io',
  },
  spec: {
    group: 'argoproj.io',
    names: { kind: 'Workflow', plural: 'workflows' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
};
