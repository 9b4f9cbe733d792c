import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import assert from 'node:assert/strict';
import { startWorld, type World } from '../language/world.ts';
import { configMap, hangingHook } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const SYNC_REASON =
  '/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/resources/items/properties/syncReason';

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
      // Nor does it know what is our own addition, and the API server drops it.
      `--patch=${JSON.stringify([
        { op: 'remove', path: '/spec/versions/0/subresources' },
        { op: 'remove', path: SYNC_REASON },
      ])}`,
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

  test('what that CRD does not know is left out of status, not written again and again', async () => {
    await world.given(world.repository('drift', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('drift', { repoURL: world.git.urlOf('drift') });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync(), app.hasHealth('Missing'));
    const version = async () => (await app.read(signal))?.metadata.resourceVersion;
    await world.when(app.refreshed());
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('metadata.annotations', undefined),
    );
    const before = await version();
    await world.kubectl.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: app.name },
    });
    await world.kubectl.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'unrelated',
        namespace: app.name,
        annotations: {
          'argocd.argoproj.io/tracking-id': `${app.name}:/ConfigMap:${app.name}/unrelated`,
        },
      },
    });
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('status.resources.1.name', 'unrelated'),
    );
    const listed = await version();
    assert.notEqual(listed, before);
    await world.kubectl(['label', 'configmap', 'unrelated', '-n', app.name, 'looked=at']);
    await world.thenConsistently(2_000, async () =>
      (await version()) === listed
        ? { type: 'met', seen: 'unchanged' }
        : { type: 'violated', seen: 'the status was written although nothing changed' },
    );
    // A write that the API server reduces to nothing shows nowhere else.
    assert.match(await world.operatorLog(), /does not know syncReason/);
  });

  test('an operation is terminated by an ordinary update of its phase', async () => {
    const hanging = hangingHook('hang', 'PreSync');
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
