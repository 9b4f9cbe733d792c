import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

// Argo CD's own CRD has no status subresource, and its front writes status by ordinary updates.
describe('a CRD without a status subresource', () => {
  let plane: ControlPlane;
  let world: World;
  before(async () => {
    plane = await startControlPlane({ signal });
    world = await startWorld({ signal, cluster: plane, operator: false });
    await world.kubectl([
      'patch',
      'crd',
      'applications.argoproj.io',
      '--type=json',
      '--patch=[{"op":"remove","path":"/spec/versions/0/subresources"}]',
    ]);
    world.startOperator();
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  const patched = (name: string, patch: object) => () =>
    world.kubectl([
      'patch',
      'application',
      name,
      `--namespace=${world.namespace}`,
      '--type=merge',
      `--patch=${JSON.stringify(patch)}`,
    ]);

  test('status is written into the object, and commits are followed', async () => {
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('plain', { repoURL: world.git.urlOf('apps'), syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.operationSucceeded());
    const commit = await world.git.commit('apps', { files: { 'a.yaml': configMap('a', 'two') } });
    await world.when(app.refreshed());
    await world.thenEventually(
      app.isSynced(commit),
      world.object('configmaps', 'a', app.name).has('data.value', 'two'),
    );
  });

  test('an operation is terminated by an ordinary update of its phase', async () => {
    const hanging = `apiVersion: batch/v1
kind: Job
metadata:
  name: hang
  annotations:
    argocd.argoproj.io/hook: PreSync
spec:
  template:
    metadata:
      annotations:
        tiphys.dev/stage: hang
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: busybox }]
`;
    await world.given(world.repository('hanging', { 'hang.yaml': hanging }));
    const app = world.application('hanging', {
      repoURL: world.git.urlOf('hanging'),
      syncPolicy: { syncOptions: ['CreateNamespace=true'] },
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    await world.when(app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('status.operationState.message', 'waiting for completion of hook batch/Job/hang'),
    );
    await world.when(patched(app.name, { status: { operationState: { phase: 'Terminating' } } }));
    await world.thenEventually(app.operationFailed(/Operation terminated/));
  });
});
