import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { startWorld, type World } from '../language/world.ts';
import { annotated, configMap, hangingHook, hookJob, staged } from './manifests.ts';

const signal = AbortSignal.timeout(900_000);
const FAILED = 'one or more synchronization tasks completed unsuccessfully';

describe('hooks that do not end in their time', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal, operator: ['--hook-deadline=4s', '--sync-wave-delay=0s'] });
  });
  after(() => world[Symbol.asyncDispose]());

  const deadline = (time: string) => ({ 'tiphys.io/hook-deadline': time });
  const policy = (text: string) => ({ 'argocd.argoproj.io/hook-delete-policy': text });

  const synced = async (base: string, files: Readonly<Record<string, string>>) => {
    await world.given(world.repository(base, files));
    const syncPolicy = { syncOptions: ['CreateNamespace=true'] };
    const app = world.application(base, { repoURL: world.git.urlOf(base), syncPolicy });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(syncPolicy));
    return app;
  };
  const job = (name: string, app: TestApplication) => world.object('jobs.batch', name, app.name);

  test('a PreSync Job is stopped, what comes after it is not applied, and SyncFail hooks run', async () => {
    const app = await synced('stopped', {
      'migrate.yaml': hangingHook('migrate', 'PreSync', deadline('3s')),
      'a.yaml': configMap('a', '1'),
      'alarm.yaml': hookJob('alarm', 'SyncFail'),
    });
    await world.thenEventually(
      app.operationSays(/waiting for completion of hook batch\/Job\/migrate/),
    );
    await world.thenEventually(
      app.operationFailed(
        new RegExp(
          `^${FAILED}, reason: hook batch/Job/migrate did not end within its deadline of 3s$`,
        ),
      ),
      job('alarm', app).has('status.succeeded', 1),
      // Its policy leaves it to be looked at; nothing of it runs any more.
      job('migrate', app).matches('has been stopped', ({ status }) => {
        const { active = 0, conditions = [] } = status as {
          active?: number;
          conditions?: readonly { type: string; reason: string }[];
        };
        const isStopped = conditions.some(
          ({ type, reason }) => type === 'Failed' && reason === 'DeadlineExceeded',
        );
        return active === 0 && isStopped;
      }),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).isAbsent());
  });

  test('a Pod is stopped as well', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'check',
        annotations: {
          'argocd.argoproj.io/hook': 'PreSync',
          'tiphys.dev/stage': 'hang',
          ...deadline('3s'),
        },
      },
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] },
    };
    const app = await synced('pod', {
      'pod.yaml': JSON.stringify(pod),
      'a.yaml': configMap('a', '1'),
    });
    await world.thenEventually(
      app.operationFailed(/reason: hook Pod\/check did not end within its deadline of 3s$/),
      world.object('pods', 'check', app.name).has('status.reason', 'DeadlineExceeded'),
    );
  });

  test('with the policy HookFailed its object goes; the default of the operator counts too', async () => {
    const app = await synced('deleted', {
      'migrate.yaml': hangingHook('migrate', 'PreSync', policy('HookFailed')),
      'a.yaml': configMap('a', '1'),
    });
    await world.thenEventually(
      app.operationFailed(/hook batch\/Job\/migrate did not end within its deadline of 4s/),
      job('migrate', app).isAbsent(),
    );
  });

  test('an operator that was down at that time finds it out when it is back', async () => {
    const app = await synced('down', {
      'migrate.yaml': hangingHook('migrate', 'PostSync'),
      'a.yaml': configMap('a', '1'),
    });
    await world.thenEventually(job('migrate', app).exists());
    await world.stopOperator('SIGKILL');
    await world.thenEventually(
      job('migrate', app).matches('is over its time', ({ metadata }) => {
        const made = Date.parse(metadata.creationTimestamp ?? '');
        return Date.now() > made + 4_000;
      }),
    );
    world.startOperator(['--hook-deadline=4s']);
    await world.thenEventually(app.operationFailed(/did not end within its deadline of 4s/));
  });

  test('the deadline 0 of a hook goes before the default', async () => {
    const slow = staged(hookJob('slow', 'PreSync'), 'complete-after-6s');
    const app = await synced('for-ever', {
      'slow.yaml': annotated(slow, deadline('0')),
      'a.yaml': configMap('a', '1'),
    });
    await world.thenEventually(app.operationSucceeded());
  });

  test('a deadline that nobody can read stops the sync before anything is written', async () => {
    const app = await synced('unreadable', {
      'migrate.yaml': hangingHook('migrate', 'PreSync', deadline('soon')),
      'a.yaml': configMap('a', '1'),
    });
    await world.thenEventually(
      app.operationFailed(/hook Job\/migrate: annotation tiphys\.io\/hook-deadline: "soon" is no/),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).isAbsent());
  });
});
