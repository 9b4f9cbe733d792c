import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment, hangingHook } from './manifests.ts';

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

  test('a hook that nobody is left to release is found and let go as docs/hooks.md says', async () => {
    await world.given(
      world.repository('unheld', { 'job.yaml': hangingHook('migrate', 'PreSync') }),
    );
    const app = world.application('unheld', {
      repoURL: world.git.urlOf('unheld'),
      syncPolicy: { syncOptions: ['CreateNamespace=true'] },
    });
    const job = world.object('jobs.batch', 'migrate', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    await world.when(app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(job.exists());
    await world.stopOperator('SIGKILL');
    await world.when(app.deleted());
    await world.thenEventually(app.isAbsent());
    await world.kubectl(['delete', 'job', 'migrate', `--namespace=${app.name}`, '--wait=false']);
    world.startOperator();
    await world.thenConsistently(3_000, job.exists());
    const page = await readFile(join(import.meta.dirname, '../../docs/hooks.md'), 'utf8');
    const [, template = ''] = /--output=go-template='(.*)'\n/.exec(page) ?? [];
    const [, patch = ''] = /kubectl patch job migrate .* --patch='(.*)'\n/.exec(page) ?? [];
    const found = await world.kubectl([
      ...['get', 'jobs,pods', '--all-namespaces', `--output=go-template=${template}`],
    ]);
    assert.match(found, new RegExp(`^Job ${app.name}/migrate$`, 'm'));
    const release = ['--type=merge', `--patch=${patch}`];
    await world.kubectl(['patch', 'job', 'migrate', `--namespace=${app.name}`, ...release]);
    await world.thenEventually(job.isAbsent());
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
