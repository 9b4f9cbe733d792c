import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasCode, TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { KubeClient } from '../../ports/kube-client.ts';
import { type ActionsWorld, startActionsWorld } from './testing/actions-world.ts';
import { BOX_CRDS, CRON_JOB, SETTINGS } from './testing/actions-objects.ts';

const signal = AbortSignal.timeout(300_000);

describe('actions of argocd-cm on a real API server', () => {
  let actions: ActionsWorld;
  const see = (resource: string, name: string) =>
    actions.world.object(resource, name, actions.namespace);
  const apply = (object: KubeObject) => actions.apply(object);
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

  test('nothing is listed that nobody defines', async () => {
    await apply(CRON_JOB);
    const live = await actions.read('configmap', 'argocd-cm');
    assert.deepEqual(await actions.list(live), []);
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

  test('a controller may answer between the write of the object and that of its status', async () => {
    const live = await actions.read('boxes.box.example.com', 'one');
    const status = { type: 'merge', subresource: 'status' } as const;
    const answering = (client: KubeClient): KubeClient => ({
      ...client,
      async patch(address, patch, options, stop) {
        const object = await client.patch(address, patch, options, stop);
        if (options.subresource === undefined)
          await client.patch(address, { status: { seen: 3 } }, status, stop);
        return object;
      },
    });
    const [change, ...others] = await actions.act(live, 'open', {
      parameters: { by: 'you' },
      client: answering,
    });
    assert.deepEqual(others, []);
    assert.deepEqual(change?.object['status'], { phase: 'Open', by: 'you', seen: 3 });
    assert.deepEqual(change?.object['spec'], { size: 3, options: {} });
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
});
