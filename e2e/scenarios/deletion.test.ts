import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

describe('an Application is deleted', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
    await world.given(
      world.repository('apps', { 'web.yaml': deployment('web'), 'a.yaml': configMap('a', '1') }),
    );
  });
  after(() => world[Symbol.asyncDispose]());

  const deployed = async (base: string, finalizers?: readonly string[]) => {
    const app = world.application(base, { repoURL: world.git.urlOf('apps'), syncPolicy: true });
    await world.when(app.created());
    if (finalizers !== undefined) await world.when(app.patched({ metadata: { finalizers } }));
    await world.thenEventually(app.isSynced(), app.isHealthy());
    return app;
  };

  test('without a finalizer its objects stay', async () => {
    const app = await deployed('kept');
    await world.when(app.deleted());
    await world.thenEventually(app.isAbsent());
    await world.thenConsistently(
      1_000,
      world.object('configmaps', 'a', app.name).exists(),
      world.object('deployments.apps', 'web', app.name).exists(),
    );
  });

  for (const kind of ['', '/foreground', '/background'])
    test(`with the finalizer${kind} its objects go first`, async () => {
      const finalizer = `resources-finalizer.argocd.argoproj.io${kind}`;
      const app = await deployed(`cascade${kind.replace('/', '-')}`, [finalizer]);
      const bystander = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'bystander', namespace: app.name },
      };
      await world.given(world.applied(bystander));
      await world.when(app.deleted());
      await world.thenEventually(
        app.isAbsent(),
        world.object('configmaps', 'a', app.name).isAbsent(),
        world.object('deployments.apps', 'web', app.name).isAbsent(),
      );
      await world.thenConsistently(500, world.object('configmaps', 'bystander', app.name).exists());
    });

  test('an object with Delete=false is kept', async () => {
    const kept = configMap('kept', '1').replace(
      'metadata:\n',
      'metadata:\n  annotations: { argocd.argoproj.io/sync-options: Delete=false }\n',
    );
    await world.given(
      world.repository('keeping', { 'kept.yaml': kept, 'a.yaml': configMap('a', '1') }),
    );
    const app = world.application('keeping', {
      repoURL: world.git.urlOf('keeping'),
      syncPolicy: true,
      cascade: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(app.deleted());
    await world.thenEventually(
      app.isAbsent(),
      world.object('configmaps', 'a', app.name).isAbsent(),
    );
    await world.thenConsistently(500, world.object('configmaps', 'kept', app.name).exists());
  });

  test('a person lets go, and its objects stay', async () => {
    const app = await deployed('let-go', ['resources-finalizer.argocd.argoproj.io']);
    const object = world.object('configmaps', 'a', app.name);
    const held = ['configmap', 'a', '-n', app.name, '--type=merge'];
    await world.kubectl(['patch', ...held, '-p={"metadata":{"finalizers":["example.com/held"]}}']);
    await world.when(app.deleted());
    await world.thenEventually(app.hasCondition('DeletionWarning', /ConfigMap\/a/));
    await world.when(app.patched({ metadata: { annotations: { 'tiphys.io/let-go': 'true' } } }));
    await world.thenEventually(app.isAbsent());
    await world.thenConsistently(500, object.exists());
    await world.kubectl(['patch', ...held, '-p={"metadata":{"finalizers":null}}']);
  });

  test('what a deletion waits for is in its status', async () => {
    const app = await deployed('stuck', ['resources-finalizer.argocd.argoproj.io']);
    const held = ['configmap', 'a', '-n', app.name, '--type=merge'];
    await world.kubectl(['patch', ...held, '-p={"metadata":{"finalizers":["example.com/held"]}}']);
    await world.when(app.deleted());
    await world.thenEventually(
      app.hasCondition('DeletionWarning', /ConfigMap\/a.*example\.com\/held/),
    );
    await world.kubectl(['patch', ...held, '-p={"metadata":{"finalizers":null}}']);
    await world.thenEventually(app.isAbsent());
  });
});
