import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';

const signal = AbortSignal.timeout(600_000);

const desired = (data: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data,
});

describe('objects that somebody else applied before', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  for (const how of ['client-side', 'server-side'] as const)
    test(`${how}: adopted without a write, and a field removed from Git is removed`, async () => {
      const repository = `adopted-${how}`;
      const file = (data: Readonly<Record<string, string>>) => ({
        'settings.json': JSON.stringify(desired(data)),
      });
      await world.given(world.repository(repository, file({ a: '1', b: '2' })));
      const app = world.application(repository, {
        repoURL: world.git.urlOf(repository),
        syncPolicy: true,
      });
      const marked = {
        ...desired({ a: '1', b: '2' }),
        metadata: {
          name: 'settings',
          namespace: app.name,
          annotations: {
            'argocd.argoproj.io/tracking-id': `${app.name}:/ConfigMap:${app.name}/settings`,
          },
        },
      };
      const mode = how === 'server-side' ? ['--server-side', '--force-conflicts'] : [];
      await world.kubectl(['create', 'namespace', app.name]);
      await world.kubectl(['apply', ...mode, '--field-manager=argocd-controller', '-f', '-'], {
        stdin: marked,
      });
      const object = world.object('configmaps', 'settings', app.name);
      const before = await object.read(signal);
      await world.when(app.created());
      await world.thenEventually(app.isSynced(), app.isHealthy());
      const after = await object.read(signal);
      assert.equal(after?.metadata.resourceVersion, before?.metadata.resourceVersion);

      await world.git.commit(repository, { files: file({ a: '1' }) });
      await world.when(app.refreshed());
      await world.thenEventually(
        object.has('data.b', undefined),
        object.has('data.a', '1'),
        app.isSynced(),
        app.operationSucceeded(),
      );
    });
});
