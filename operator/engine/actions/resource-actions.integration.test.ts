import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasCode, TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { KubeClient } from '../../ports/kube-client.ts';
import { type ActionsWorld, startActionsWorld } from './testing/actions-world.ts';
import { BOX_CRDS, CRON_JOB, JOB, SETTINGS, WEB } from './testing/actions-objects.ts';

const signal = AbortSignal.timeout(300_000);

describe('resource actions on a real API server', () => {
  let actions: ActionsWorld;
  const see = (resource: string, name: string) =>
    actions.world.object(resource, name, actions.namespace);
  const apply = (...objects: readonly KubeObject[]) =>
    actions.world.kubectl.apply(
      ...objects.map((object) => ({
        ...object,
        metadata: { ...object.metadata, namespace: actions.namespace },
      })),
    );
  const versionOf = (object: KubeObject) => object.metadata.resourceVersion;

  before(async () => {
    actions = await startActionsWorld(signal);
    await actions.world.kubectl.apply(...BOX_CRDS);
    await actions.world.thenEventually(
      ...BOX_CRDS.map(({ metadata }) =>
        actions.world
          .object('customresourcedefinitions.apiextensions.k8s.io', metadata.name ?? '')
          .matches('is established', ({ status }) =>
            JSON.stringify(status).includes('NamesAccepted'),
          ),
      ),
    );
    await actions.rediscover();
    await actions.settings(SETTINGS);
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

  test('a Lua action patches a status through its subresource, and without one as part of the object', async () => {
    for (const kind of ['Box', 'Crate']) {
      const plural = `${kind.toLowerCase()}${kind === 'Box' ? 'es' : 's'}.box.example.com`;
      await apply({
        apiVersion: 'box.example.com/v1',
        kind,
        metadata: { name: 'one' },
        spec: { size: 1, options: {} },
      });
      const live = await actions.read(plural, 'one');
      const infos = await actions.list(live);
      assert.deepEqual(infos, [
        {
          name: 'open',
          displayName: 'Open it',
          iconClass: 'fa fa-box-open',
          disabled: false,
          params: [{ name: 'by' }],
        },
      ]);
      const [change] = await actions.act(live, 'open', { parameters: { by: 'me' } });
      assert.deepEqual(change?.object['status'], { phase: 'Open', by: 'me' });
      const after = await actions.read(plural, 'one');
      assert.deepEqual(after['status'], { phase: 'Open', by: 'me' });
      assert.deepEqual(after['spec'], { size: 2, options: {} });
    }
  });

  test('a Lua action of a built-in kind, beside the built-in ones', async () => {
    const live = await actions.read('cronjob', 'report');
    const infos = await actions.list(live);
    assert.deepEqual(
      infos.map(({ name, displayName }) => [name, displayName]),
      [
        ['break', 'break'],
        ['copy', 'copy'],
        ['suspend', 'Halt'],
        ['create-job', 'Create Job'],
        ['resume', 'Resume'],
      ],
    );
    const changes = await actions.act(live, 'copy');
    assert.deepEqual(
      changes.map(({ operation, object }) => [operation, object.kind]),
      [
        ['create', 'Job'],
        ['patch', 'CronJob'],
      ],
    );
    const job = await actions.read('job', 'copied');
    const template = (job['spec'] as { template: { spec: { volumes: unknown } } }).template;
    assert.deepEqual(template.spec.volumes, [{ name: 'cache', emptyDir: {} }]);
  });

  test('what the project does not permit changes nothing at all', async () => {
    const live = await actions.read('cronjob', 'report');
    const name = 'forbidden';
    const only = (kind: string) => ({
      destinations: [{ server: '*', namespace: '*' }],
      namespaceResourceWhitelist: [{ group: 'batch', kind }],
    });
    await actions.world.kubectl(['delete', 'job', 'copied', '-n', actions.namespace]);
    for (const project of [
      only('CronJob'),
      only('Job'),
      { destinations: [{ server: '*', namespace: 'elsewhere' }] },
    ])
      await assert.rejects(actions.act(live, 'copy', { project }), (error) => {
        assert.ok(hasCode(error, 'NotPermitted'), String(error));
        assert.match(error.message, /by a resource action refused: .* is not permitted in project/);
        return true;
      });
    await actions.world.thenEventually(see('jobs.batch', name).isAbsent());
    await actions.world.thenEventually(see('jobs.batch', 'copied').isAbsent());
    assert.equal(versionOf(await actions.read('cronjob', 'report')), versionOf(live));
  });

  test('an Application is changed although its project knows only another namespace', async () => {
    const project = { destinations: [{ server: '*', namespace: 'elsewhere' }] };
    const { world } = actions;
    const app = world.application('own', { repoURL: world.git.urlOf('actions') });
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

  test('what the API server would not create leaves the rest undone', async () => {
    const live = await actions.read('configmap', 'argocd-cm');
    await assert.rejects(actions.act(live, 'half'), {
      code: 'KubeInvalid',
      message: /^Job\/.*\/Not_A_Name: dry-run create failed \(Invalid\)/,
    });
    assert.equal(versionOf(await actions.read('configmap', 'argocd-cm')), versionOf(live));
  });

  test('a script that fails tells its line', async () => {
    const live = await actions.read('cronjob', 'report');
    await assert.rejects(actions.act(live, 'break'), {
      code: 'ScriptFailed',
      message: /^CronJob\/.*\/report: action break failed: script:2: attempt to index/,
    });
    const map = await actions.read('configmap', 'argocd-cm');
    await assert.rejects(actions.act(map, 'unfinished'), {
      code: 'ScriptFailed',
      message: /: action unfinished failed: does not compile: script:3: /,
    });
    await assert.rejects(actions.act(map, 'delete'), {
      code: 'ScriptFailed',
      message: /: action delete failed: operation 1: "delete" is none of create and patch$/,
    });
    await assert.rejects(actions.act(map, 'fly'), {
      code: 'InvalidAction',
      message: /: action fly: is not known; there are half, unfinished, delete$/,
    });
  });

  test('no value of a Secret is in an error', async () => {
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'keys' },
      stringData: { password: 'canary-5e1f', port: '8443' },
    });
    const live = await actions.read('secret', 'keys');
    const errors: unknown[] = [];
    for (const action of ['tell', 'spell', 'odd', 'spoil'])
      await assert.rejects(actions.act(live, action), (error) => errors.push(error) > 0);
    const said = errors.map((error) => (error instanceof Error ? error.message : '')).join('\n');
    assert.match(said, /action tell failed: script:1: \(the message is not shown/);
    assert.match(said, /Secret\/.*\/keys: patch failed/);
    for (const secret of ['canary', 'Y2FuYXJ5', '5e1f', 'yranac'])
      assert.ok(!said.includes(secret), said);
    assert.equal(versionOf(await actions.read('secret', 'keys')), versionOf(live));
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

  test('what fails after a write says what was done before', async () => {
    const live = await actions.read('cronjob', 'report');
    await actions.world.kubectl([
      'delete',
      'job',
      'copied',
      '-n',
      actions.namespace,
      '--ignore-not-found',
    ]);
    const failing = (client: KubeClient): KubeClient => ({
      ...client,
      async patch(address, patch, options, stop) {
        if (options.dryRun === true) return await client.patch(address, patch, options, stop);
        throw new TiphysError('KubeUnreachable', 'CronJob: patch failed: cut');
      },
    });
    await assert.rejects(actions.act(live, 'copy', { client: failing }), {
      code: 'KubeUnreachable',
      message: `CronJob: patch failed: cut; done before that: create Job/${actions.namespace}/copied`,
      retry: 'never',
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
