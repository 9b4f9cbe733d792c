import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { APPLICATIONS } from './application.ts';
import { startWorld, type World } from './world.ts';

const signal = AbortSignal.timeout(300_000);

describe('a world without an operator', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal, operator: false, keepLogs: false });
  });
  after(() => world[Symbol.asyncDispose]());

  test('plays a person who creates an Application and looks at it', async () => {
    await world.given(world.repository('apps', { 'web/cm.yaml': 'kind: ConfigMap' }));
    const web = world.application('web', {
      repoURL: world.git.urlOf('apps'),
      path: 'web',
      syncPolicy: true,
    });
    await world.when(
      web.created(),
      web.refreshed('hard'),
      world.pushed('apps', { files: { 'web/other.yaml': '' } }),
    );
    await world.thenEventually(world.object(APPLICATIONS, web.name, world.namespace).exists());
    await assert.rejects(world.thenWithin(300, web.isSynced()), {
      name: 'ExpectationError',
      message: /last seen: Application web-\w+: not Synced \(no sync status at no revision/,
    });
    // The status as an operator would write it.
    const status = {
      sync: { status: 'Synced', revision: await world.git.revision('apps') },
      health: { status: 'Degraded' },
    };
    const args = ['patch', 'application', web.name, `--namespace=${world.namespace}`];
    await world.kubectl([
      ...args,
      '--subresource=status',
      '--type=merge',
      `--patch=${JSON.stringify({ status })}`,
    ]);
    await world.thenEventually(web.isSynced(status.sync.revision), web.hasHealth('Degraded'));
    await world.thenConsistently(300, web.isSynced());
    await world.when(web.deleted());
    await world.thenEventually(web.isAbsent());
  });

  test('sees objects of any kind', async () => {
    const namespace = world.name('objects');
    await world.given(
      world.applied(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'a', namespace },
          data: { x: '1' },
        },
      ),
    );
    const object = world.object('configmaps', 'a', namespace);
    await world.thenEventually(
      object.matches('has x = 1', (seen) => (seen['data'] as { x?: string }).x === '1'),
      world.object('deployments.apps', 'none', namespace).isAbsent(),
      world.object('widgets.example.com', 'none', namespace).isAbsent(),
    );
    const list = await world.reader.list('configmaps', namespace, signal);
    assert.ok(list.some(({ metadata }) => metadata.name === 'a'));
  });

  test('an operator that ends violates every expectation', async () => {
    world.startOperator(['--no-such-flag'], 'broken');
    await assert.rejects(
      world.thenWithin(20_000, world.object('configmaps', 'never', world.namespace).exists()),
      /violated: .*broken ended \(exit code \d+\)/,
    );
    await world.stopOperator('SIGKILL', 'broken');
  });
});
