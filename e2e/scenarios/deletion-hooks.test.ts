import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AuditedWrite } from '../controlplane/audit-log.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import type { TestApplication } from '../language/application.ts';
import { type Expectation, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { annotated, configMap, hangingHook, hookJob, inWave, staged } from './manifests.ts';

const signal = AbortSignal.timeout(900_000);

const RESOURCES = 'resources-finalizer.argocd.argoproj.io';
const BEFORE = 'pre-delete-finalizer.argocd.argoproj.io';
const AFTER = 'post-delete-finalizer.argocd.argoproj.io';

describe('hooks around the deletion of an Application', () => {
  let plane: ControlPlane;
  let world: World;
  before(async () => {
    plane = await startControlPlane({ signal, audit: true });
    const operator = ['--repo-poll-interval=1s', '--repo-poll-jitter=0s'];
    world = await startWorld({ signal, cluster: plane, operator });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  const deployed = async (base: string, files: Readonly<Record<string, string>>, input = {}) => {
    await world.given(world.repository(base, files));
    const repoURL = world.git.urlOf(base);
    const app = world.application(base, { repoURL, syncPolicy: true, cascade: true, ...input });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    return app;
  };

  const hook = (name: string, phase: string, more: Readonly<Record<string, string>> = {}) =>
    annotated(hookJob(name, phase), more);

  const hasFinalizers =
    (app: TestApplication, ...wanted: readonly string[]): Expectation =>
    async () => {
      const seen = await app.read(signal);
      const { finalizers = [] } = (seen?.metadata ?? {}) as { finalizers?: readonly string[] };
      const said = `${app.name} has the finalizers ${finalizers.join(', ')}`;
      return finalizers.toSorted().join() === wanted.toSorted().join() ? met(said) : pending(said);
    };

  /** When hooks that failed are made anew, as the condition says. */
  const retryAtOf = async (app: TestApplication): Promise<string | undefined> => {
    const status = (await app.read(signal))?.['status'] as {
      conditions?: readonly { message: string }[];
    };
    const said = (status.conditions ?? []).map(({ message }) => message).join();
    return /made anew at (\S+),/.exec(said)?.[1];
  };

  /** What the operator created and deleted in the namespace of an application, in order. */
  const story = async (app: TestApplication, sinceMicros: number): Promise<readonly string[]> => {
    const writes = (await plane.auditedWrites()).filter(
      (write) =>
        write.namespace === app.name &&
        write.userAgent === 'tiphys' &&
        write.subresource === '' &&
        !write.dryRun &&
        write.code < 300 &&
        write.receivedAtMicros > sinceMicros,
    );
    const said = new Set<string>();
    for (const { verb, resource, name } of writes) {
      // The finalizer of a hook is taken off by a second patch.
      const sentence = `${verb === 'delete' ? 'delete' : 'apply'} ${resource}/${name}`;
      said.add(sentence);
    }
    return [...said];
  };
  const lastWrite = async (): Promise<number> => {
    const writes: readonly AuditedWrite[] = await plane.auditedWrites();
    return writes.at(-1)?.receivedAtMicros ?? 0;
  };

  test('run before and after, wave by wave, and clean up as their policies say', async () => {
    const succeeded = { 'argocd.argoproj.io/hook-delete-policy': 'HookSucceeded' };
    const app = await deployed('order', {
      'a.yaml': configMap('a', '1'),
      'pre-2.yaml': inWave(2, hookJob('a-pre-late', 'PreDelete')),
      'pre-1.yaml': inWave(-1, hookJob('z-pre', 'PreDelete')),
      'post-1.yaml': inWave(1, hook('z-post', 'PostDelete', succeeded)),
      'post-2.yaml': inWave(5, hookJob('a-post-late', 'PostDelete')),
    });
    await world.thenEventually(
      hasFinalizers(app, RESOURCES, BEFORE, `${BEFORE}/cleanup`, AFTER, `${AFTER}/cleanup`),
    );
    await world.thenConsistently(500, world.object('jobs.batch', 'z-pre', app.name).isAbsent());
    const since = await lastWrite();
    await world.when(app.deleted());
    await world.thenEventually(app.isAbsent());

    const seen = await story(app, since);
    assert.deepEqual(
      seen.filter((sentence) => !/delete jobs\/.*pre|delete configmaps/.test(sentence)),
      [
        'apply jobs/z-pre',
        'apply jobs/a-pre-late',
        'apply jobs/z-post',
        'apply jobs/a-post-late',
        'delete jobs/z-post',
      ],
    );
    const at = (sentence: string) => seen.indexOf(sentence);
    assert.ok(at('delete configmaps/a') > at('apply jobs/a-pre-late'), seen.join('; '));
    assert.ok(at('delete configmaps/a') < at('apply jobs/z-post'), seen.join('; '));
    await world.thenEventually(
      world.object('jobs.batch', 'z-post', app.name).isAbsent(),
      world.object('jobs.batch', 'z-pre', app.name).isAbsent(), // went with the cascade
      world
        .object('jobs.batch', 'a-post-late', app.name)
        .matches('stands, and nothing holds it', ({ metadata }) => !('finalizers' in metadata)),
    );
  });

  test('one that fails holds everything up, and a mended one lets it go on', async () => {
    const app = await deployed('failing', {
      'a.yaml': configMap('a', '1'),
      'backup.yaml': staged(hook('backup', 'PreDelete'), 'fail'),
    });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.deleted());
    await world.thenEventually(
      app.hasCondition(
        'DeletionError',
        /PreDelete hooks failed: batch\/Job \S+\/backup \(.+\).*made anew at .*nothing is deleted.*tiphys\.io\/let-go/,
      ),
    );
    await world.thenConsistently(1_500, object.exists(), hasFinalizers(app, ...TWO_BEFORE));
    await world.when(
      world.pushed('failing', { files: { 'backup.yaml': hook('backup', 'PreDelete') } }),
    );
    await world.when(() =>
      world.kubectl(['delete', 'job', 'backup', `--namespace=${app.name}`, '--wait=false']),
    );
    await world.thenEventually(app.isAbsent(), object.isAbsent());
  });

  test('one that does not end in its time is stopped, and holds everything up until it is mended', async () => {
    const deadline = { 'tiphys.io/hook-deadline': '3s' };
    const app = await deployed('endless', {
      'a.yaml': configMap('a', '1'),
      'backup.yaml': hangingHook('backup', 'PreDelete', deadline),
    });
    const object = world.object('configmaps', 'a', app.name);
    const job = world.object('jobs.batch', 'backup', app.name);
    await world.when(app.deleted());
    await world.thenEventually(
      app.hasCondition(
        'DeletionError',
        /PreDelete hooks failed: batch\/Job \S+\/backup \(did not end within its deadline of 3s\); they are made anew at/,
      ),
    );
    await world.thenEventually(
      job.has('spec.activeDeadlineSeconds', 1),
      job.matches('runs no more', ({ status }) => !('active' in (status as object))),
    );
    const announced = await retryAtOf(app);
    // How its Job ended is another reason, and no reason to begin the wait anew.
    await world.thenEventually(
      app.hasCondition('DeletionError', /backup \(Job was active longer than specified deadline\)/),
    );
    await world.thenConsistently(6_000, object.exists(), hasFinalizers(app, ...TWO_BEFORE));
    assert.equal(await retryAtOf(app), announced);
    await world.when(
      world.pushed('endless', { files: { 'backup.yaml': hookJob('backup', 'PreDelete') } }),
      () => world.kubectl(['delete', 'job', 'backup', `--namespace=${app.name}`, '--wait=false']),
    );
    await world.thenEventually(app.isAbsent(), object.isAbsent());
  });

  test('one that fails afterwards holds the Application; a person lets go', async () => {
    const app = await deployed('letting-go', {
      'a.yaml': configMap('a', '1'),
      'notify.yaml': staged(hook('notify', 'PostDelete'), 'fail'),
    });
    await world.when(app.deleted());
    await world.thenEventually(
      app.hasCondition('DeletionError', /PostDelete hooks failed: .*notify.*the Application stays/),
      world.object('configmaps', 'a', app.name).isAbsent(),
    );
    await world.when(app.patched({ metadata: { annotations: { 'tiphys.io/let-go': 'true' } } }));
    await world.thenEventually(
      app.isAbsent(),
      world
        .object('jobs.batch', 'notify', app.name)
        .matches('is let go too', ({ metadata }) => !('finalizers' in metadata)),
    );
  });

  test('without the finalizer for resources they run, and the objects stay', async () => {
    const files = { 'a.yaml': configMap('a', '1'), 'pre.yaml': hook('farewell', 'PreDelete') };
    const app = await deployed('keeping', files, { cascade: false });
    await world.thenEventually(hasFinalizers(app, BEFORE, `${BEFORE}/cleanup`));
    await world.when(app.deleted());
    await world.thenEventually(
      app.isAbsent(),
      world.object('jobs.batch', 'farewell', app.name).has('status.succeeded', 1),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).exists());
  });

  test('the hooks of a Helm chart run at the same points, by weight', async () => {
    const helm = (name: string, point: string, weight: number) =>
      hookJob(name, 'PreSync').replace(
        /annotations: .*\n/,
        `annotations: {"helm.sh/hook": "${point}", "helm.sh/hook-weight": "${weight}"}\n`,
      );
    const since = await lastWrite();
    const app = await deployed('chart', {
      'Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 0.1.0\n',
      'templates/a.yaml': configMap('a', '1'),
      'templates/late.yaml': helm('a-late', 'pre-install,pre-upgrade', 5),
      'templates/early.yaml': helm('z-early', 'pre-install', -5),
      'templates/done.yaml': helm('done', 'post-install', 0),
      'templates/bye.yaml': helm('bye', 'pre-delete', 0),
      'templates/try.yaml': helm('try', 'test', 0),
    });
    await world.thenEventually(hasFinalizers(app, ...TWO_BEFORE), app.operationSucceeded());
    await world.when(app.deleted());
    await world.thenEventually(app.isAbsent());
    const seen = (await story(app, since)).filter((sentence) => sentence.startsWith('apply '));
    assert.deepEqual(seen, [
      `apply namespaces/${app.name}`,
      'apply jobs/z-early',
      'apply jobs/a-late',
      'apply configmaps/a',
      'apply jobs/done',
      'apply jobs/bye',
    ]);
  });

  test('a hook that leaves Git takes its finalizers along', async () => {
    const files = { 'a.yaml': configMap('a', '1'), 'pre.yaml': hook('pre', 'PreDelete') };
    const app = await deployed('leaving', files);
    await world.thenEventually(hasFinalizers(app, ...TWO_BEFORE));
    await world.when(world.pushed('leaving', { remove: ['pre.yaml'] }), app.refreshed());
    await world.thenEventually(hasFinalizers(app, RESOURCES));
  });

  test('they are rendered from what was compared last when Git holds the folder no more', async () => {
    const app = await deployed(
      'gone-folder',
      { 'shop/a.yaml': configMap('a', '1'), 'shop/pre.yaml': hook('pre', 'PreDelete'), 'x.md': '' },
      { path: 'shop' },
    );
    await world.thenEventually(hasFinalizers(app, ...TWO_BEFORE));
    await world.when(
      app.patched({ metadata: { finalizers: [...TWO_BEFORE, 'example.com/hold'] } }),
    );
    const since = await lastWrite();
    await world.stopOperator();
    await world.when(
      world.pushed('gone-folder', { remove: ['shop/a.yaml', 'shop/pre.yaml'] }),
      app.deleted(),
    );
    world.startOperator();
    await world.thenEventually(hasFinalizers(app, 'example.com/hold'));
    assert.ok((await story(app, since)).includes('apply jobs/pre'));
    await world.when(app.patched({ metadata: { finalizers: null } }));
    await world.thenEventually(app.isAbsent());
  });

  test('an operator that is killed while one runs goes on, and runs it once', async () => {
    const app = await deployed('killed', {
      'a.yaml': configMap('a', '1'),
      'slow.yaml': staged(
        hook('slow', 'PreDelete').replace('spec:\n', 'spec:\n  ttlSecondsAfterFinished: 0\n'),
        'complete-after-3s',
      ),
      'then.yaml': inWave(1, hookJob('then', 'PreDelete')),
    });
    await world.thenEventually(hasFinalizers(app, ...TWO_BEFORE));
    await world.when(app.deleted());
    await world.thenEventually(world.object('jobs.batch', 'slow', app.name).exists());
    await world.stopOperator('SIGKILL');
    // With a TTL of 0 it would be gone by now, did our finalizer not hold it.
    await world.thenEventually(
      world
        .object('jobs.batch', 'slow', app.name)
        .matches(
          'has ended and is held',
          ({ metadata }) => metadata.deletionTimestamp !== undefined,
        ),
    );
    world.startOperator();
    await world.thenEventually(app.isAbsent());
    const made = (await plane.auditedWrites()).filter(
      ({ namespace, name, resource, code }) =>
        namespace === app.name && name === 'slow' && resource === 'jobs' && code === 201,
    );
    assert.equal(made.length, 1);
  });
});

const TWO_BEFORE = [RESOURCES, BEFORE, `${BEFORE}/cleanup`];
