import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { KubeClient } from '../../ports/kube-client.ts';
import { createVirtualClock } from '../../runtime/clock.ts';
import { type ActionsWorld, startActionsWorld } from './testing/actions-world.ts';
import { CRON_JOB, JOB, WEB } from './testing/actions-objects.ts';

const signal = AbortSignal.timeout(300_000);

describe('resource actions on a real API server', () => {
  let actions: ActionsWorld;
  const see = (resource: string, name: string) =>
    actions.world.object(resource, name, actions.namespace);
  const apply = (object: KubeObject) => actions.apply(object);
  const versionOf = (object: KubeObject) => object.metadata.resourceVersion;

  before(async () => {
    actions = await startActionsWorld(signal);
  });
  after(() => actions[Symbol.asyncDispose]());

  test('restart makes the Pods of a Deployment anew', async () => {
    await apply(WEB);
    const pods = async () =>
      (await actions.world.reader.list('pods', actions.namespace, signal)).filter(
        ({ metadata }) => metadata.labels?.['app'] === 'web' && !metadata.deletionTimestamp,
      );
    await actions.world.thenEventually(
      see('deployments.apps', 'web').has('status.readyReplicas', 1),
    );
    const [first] = await pods();
    const live = await actions.read('deployment', 'web');
    const [change] = await actions.act(live, 'restart');
    assert.equal(change?.operation, 'patch');
    await actions.world.thenEventually(
      see('pods', first?.metadata.name ?? '').isAbsent(),
      see('deployments.apps', 'web').has('status.updatedReplicas', 1),
      see('deployments.apps', 'web').has('status.readyReplicas', 1),
    );
    const [second, ...others] = await pods();
    assert.equal(others.length, 0);
    assert.match(
      second?.metadata.annotations?.['kubectl.kubernetes.io/restartedAt'] ?? '',
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    );
  });

  test('what an action sets is not what a sync applied', async () => {
    const { metadata } = await actions.read('deployment', 'web', '--show-managed-fields');
    const manager = metadata.managedFields?.find(({ fieldsV1 }) =>
      JSON.stringify(fieldsV1).includes('restartedAt'),
    );
    assert.equal(manager?.manager, 'tiphys-actions');
  });

  test('a restart is no drift: self-healing leaves it alone', async () => {
    const { world } = actions;
    await world.given(world.repository('actions', { 'web.yaml': JSON.stringify(WEB) }));
    const app = world.application('actions', {
      repoURL: world.git.urlOf('actions'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const deployed = world.object('deployments.apps', 'web', app.name);
    const live = (await deployed.read(signal)) as KubeObject | undefined;
    assert.ok(live);
    await actions.act(live, 'restart');
    const isRestarted = deployed.matches('was restarted', ({ spec }) =>
      JSON.stringify(spec).includes('restartedAt'),
    );
    await world.when(app.refreshed('hard'));
    const isCompared = see('applications.argoproj.io', app.name).matches(
      'was refreshed',
      ({ metadata }) => metadata.annotations?.['argocd.argoproj.io/refresh'] === undefined,
    );
    await world.thenEventually(isRestarted, isCompared, app.isHealthy());
    await world.thenConsistently(3_000, isRestarted, app.isSynced());
  });

  test('scale, and numbers that are none', async () => {
    const live = await actions.read('deployment', 'web');
    await actions.act(live, 'scale', { parameters: { replicas: '3' } });
    await actions.world.thenEventually(
      see('deployments.apps', 'web').has('status.readyReplicas', 3),
    );
    const scaled = await actions.read('deployment', 'web');
    await assert.rejects(actions.act(scaled, 'scale', { parameters: { replicas: 'two' } }), {
      code: 'InvalidAction',
      message: new RegExp(`^Deployment/${actions.namespace}/web: action scale: replicas "two" is`),
    });
    assert.equal(versionOf(await actions.read('deployment', 'web')), versionOf(scaled));
  });

  test('pause and resume; once more is nothing', async () => {
    await actions.act(await actions.read('deployment', 'web'), 'pause');
    const paused = await actions.read('deployment', 'web');
    assert.deepEqual(await actions.act(paused, 'pause'), []);
    assert.equal(versionOf(await actions.read('deployment', 'web')), versionOf(paused));
    const infos = await actions.list(paused);
    assert.deepEqual(
      infos.map(({ name, disabled }) => [name, disabled]),
      [
        ['restart', true],
        ['pause', true],
        ['resume', false],
        ['scale', false],
      ],
    );
    await assert.rejects(actions.act(paused, 'restart'), /it is paused: resume it first$/);
    await actions.act(paused, 'resume');
    await actions.world.thenEventually(
      see('deployments.apps', 'web').has('spec.paused', undefined),
    );
  });

  test('create-job makes a Job that the CronJob owns, and it runs', async () => {
    await apply(CRON_JOB);
    const live = await actions.read('cronjob', 'report');
    const [change] = await actions.act(live, 'create-job');
    const name = change?.object.metadata.name ?? '';
    assert.match(name, /^report-\d{14}$/);
    const owners = change?.object.metadata.ownerReferences ?? [];
    assert.deepEqual(
      owners.map(({ kind, uid }) => [kind, uid]),
      [['CronJob', live.metadata.uid]],
    );
    await actions.world.thenEventually(see('jobs.batch', name).has('status.succeeded', 1));
  });

  test('a double click makes one Job', async () => {
    const live = await actions.read('cronjob', 'report');
    const clock = createVirtualClock();
    const [change] = await actions.act(live, 'create-job', { clock });
    await assert.rejects(actions.act(live, 'create-job', { clock }), {
      code: 'KubeAlreadyExists',
      message: /^Job\/.*\/report-\d{14}: dry-run create failed \(AlreadyExists\)/,
    });
    assert.equal(change?.object.kind, 'Job');
  });

  test('suspend and resume a CronJob', async () => {
    const live = await actions.read('cronjob', 'report');
    await actions.act(live, 'suspend');
    await actions.world.thenEventually(see('cronjobs.batch', 'report').has('spec.suspend', true));
    // What is known of the object is old by now; the action looks at it anew.
    await actions.act(live, 'resume');
    await actions.world.thenEventually(see('cronjobs.batch', 'report').has('spec.suspend', false));
  });

  test('terminate ends a Job that hangs', async () => {
    await apply(JOB);
    await actions.world.thenEventually(see('jobs.batch', 'stuck').has('status.active', 1));
    await actions.act(await actions.read('job', 'stuck'), 'terminate');
    await actions.world.thenEventually(
      see('jobs.batch', 'stuck').matches('is over its deadline', ({ status }) => {
        const { conditions = [] } = status as { conditions?: readonly Record<string, string>[] };
        const failed = conditions.find(({ type }) => type === 'Failed');
        return failed?.['reason'] === 'DeadlineExceeded';
      }),
    );
    const failed = await actions.read('job', 'stuck');
    assert.deepEqual(await actions.act(failed, 'terminate'), []);
    await assert.rejects(actions.act(failed, 'suspend'), /makes no sense now: it has finished$/);
  });

  test('an Application is changed although its project knows only another namespace', async () => {
    const project = { destinations: [{ server: '*', namespace: 'elsewhere' }] };
    const { world } = actions;
    await world.given(world.repository('own', { 'web.yaml': JSON.stringify(WEB) }));
    const app = world.application('own', { repoURL: world.git.urlOf('own') });
    await world.when(app.created());
    const live = await actions.read('applications.argoproj.io', app.name);
    await assert.rejects(actions.act(live, 'toggle-auto-sync', { project }), {
      code: 'NotPermitted',
    });
    await actions.act(live, 'toggle-auto-sync', { project, isOwnApplication: true });
    await world.thenEventually(
      see('applications.argoproj.io', app.name).has('spec.syncPolicy.automated.enabled', true),
      see('applications.argoproj.io', app.name).has('status.sync.status', 'OutOfSync'),
    );
  });

  test('an object that was made anew is another one', async () => {
    await apply({ ...WEB, metadata: { name: 'again' }, spec: { ...WEB.spec, replicas: 0 } });
    const live = await actions.read('deployment', 'again');
    await actions.world.kubectl(['delete', 'deployment', 'again', '-n', actions.namespace]);
    await assert.rejects(actions.act(live, 'restart'), {
      code: 'KubeNotFound',
      message: /\/again: action restart: the object is gone$/,
    });
    await apply({ ...WEB, metadata: { name: 'again' }, spec: { ...WEB.spec, replicas: 0 } });
    await assert.rejects(actions.act(live, 'restart'), {
      code: 'KubeConflict',
      message: /\/again: action restart: it was deleted, and made anew by somebody$/,
    });
  });

  /** Somebody patches the object just after the action has read it. */
  const meddled =
    (patch: object) =>
    (client: KubeClient): KubeClient => {
      let reads = 0;
      return {
        ...client,
        async get(address, stop) {
          const object = await client.get(address, stop);
          if (reads++ === 0) await client.patch(address, patch as never, { type: 'merge' }, stop);
          return object;
        },
      };
    };

  test('others may change other parts of the object at the same time', async () => {
    const live = await actions.read('deployment', 'again');
    const client = meddled({ metadata: { labels: { touched: 'yes' } } });
    await actions.act(live, 'scale', { parameters: { replicas: '2' }, client });
    const scaled = await actions.read('deployment', 'again');
    assert.equal((scaled['spec'] as { replicas: number }).replicas, 2);
    assert.equal(scaled.metadata.labels?.['touched'], 'yes');
  });

  test('what others have changed meanwhile is not overwritten', async () => {
    const live = await actions.read('deployment', 'again');
    const client = meddled({ spec: { replicas: 7 } });
    await assert.rejects(actions.act(live, 'scale', { parameters: { replicas: '1' }, client }), {
      code: 'KubeConflict',
    });
    await actions.world.thenEventually(see('deployments.apps', 'again').has('spec.replicas', 7));
  });
});
