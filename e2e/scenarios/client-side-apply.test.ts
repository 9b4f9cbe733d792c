import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

describe('client-side apply', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const OPTIONS_SERVER_SIDE = { syncOptions: ['CreateNamespace=true'] };
  const OPTIONS = { syncOptions: ['CreateNamespace=true', 'ServerSideApply=false'] };
  const containers = (objectSpec: unknown): readonly { name: string; image: string }[] =>
    (objectSpec as { template: { spec: { containers: { name: string; image: string }[] } } })
      .template.spec.containers;

  test('keeps what others set, removes what Git dropped, and changes what Git changed', async () => {
    const labelled = deployment('web').replace(
      'metadata:\n  name: web',
      'metadata:\n  name: web\n  labels: { team: one, dropped: later }',
    );
    await world.given(
      world.repository('client-side', { 'web.yaml': labelled, 'a.yaml': configMap('a', '1') }),
    );
    const app = world.application('client-side', {
      repoURL: world.git.urlOf('client-side'),
      syncPolicy: OPTIONS,
    });
    const web = world.object('deployments.apps', 'web', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(OPTIONS));
    await world.thenEventually(
      app.operationSucceeded(),
      app.isSynced(),
      web.matches('tells what was applied', ({ metadata }) =>
        (metadata.annotations?.[LAST_APPLIED] ?? '').includes('"nginx:1"'),
      ),
      web.matches('was not applied server-side', ({ metadata }) =>
        (metadata.managedFields ?? []).every(({ operation }) => operation === 'Update'),
      ),
    );
    const sidecar = {
      spec: { template: { spec: { containers: [{ name: 'sidecar', image: 'proxy:1' }] } } },
    };
    await world.when(
      () =>
        world.kubectl([
          'patch',
          'deployment',
          'web',
          `--namespace=${app.name}`,
          '--type=strategic',
          `--patch=${JSON.stringify(sidecar)}`,
        ]),
      () =>
        world.kubectl(['label', 'deployment', 'web', `--namespace=${app.name}`, 'foreign=label']),
      world.pushed('client-side', {
        files: {
          'web.yaml': labelled.replace(', dropped: later', '').replace('nginx:1', 'nginx:2'),
        },
      }),
      app.refreshed(),
    );
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(OPTIONS));
    await world.thenEventually(
      app.operationSucceeded(),
      app.isSynced(),
      web.has('metadata.labels.team', 'one'),
      web.has('metadata.labels.foreign', 'label'),
      web.has('metadata.labels.dropped', undefined),
      web.matches('has both containers, one changed', ({ spec }) => {
        const found = containers(spec).map(({ name, image }) => `${name} ${image}`);
        return found.sort().join() === 'sidecar proxy:1,web nginx:2';
      }),
    );
  });

  test('one object may ask for it, and go back', async () => {
    const annotated = configMap('a', '1').replace(
      'name: a',
      'name: a\n  annotations: { argocd.argoproj.io/sync-options: ServerSideApply=false }',
    );
    await world.given(world.repository('one-client-side', { 'a.yaml': annotated }));
    const app = world.application('one-client-side', {
      repoURL: world.git.urlOf('one-client-side'),
      syncPolicy: true,
    });
    const a = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(
      app.isSynced(),
      a.matches('tells what was applied', ({ metadata }) =>
        (metadata.annotations?.[LAST_APPLIED] ?? '').includes('"value":"1"'),
      ),
    );
    const other = configMap('a', '1').replace('value:', 'another:');
    await world.when(
      world.pushed('one-client-side', { files: { 'a.yaml': other } }),
      app.refreshed(),
    );
    await world.thenEventually(
      app.isSynced(),
      a.has('data.another', '1'),
      a.has('data.value', undefined),
    );
  });

  test('a copy too large for the annotation is explained', async () => {
    const large = configMap('large', 'x'.repeat(300_000));
    await world.given(
      world.repository('large', { 'a.yaml': configMap('a', '1'), 'large.yaml': large }),
    );
    const app = world.application('large', {
      repoURL: world.git.urlOf('large'),
      syncPolicy: OPTIONS,
    });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(OPTIONS));
    await world.thenEventually(
      app.operationFailed(/262144 bytes.*use server-side apply \(ServerSideApply=true\)/),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).isAbsent());
    await world.when(app.synced({ syncOptions: ['CreateNamespace=true', 'ServerSideApply=true'] }));
    await world.thenEventually(app.isSynced());
    await world.thenEventually(app.operationSucceeded());
  });
  const owners = (managedFields: readonly { manager?: string; operation?: string }[] | undefined) =>
    (managedFields ?? []).map(({ manager, operation }) => `${manager} ${operation}`);
  const dropped = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
    data: { value: '1', dropped: 'x' },
  };
  const OF_KUBECTL = 'kubectl-client-side-apply Update';

  test('ClientSideApplyMigration=false: what kubectl applied stays its own; without it what Git lacks goes', async () => {
    await world.given(world.repository('migration', { 'a.yaml': configMap('a', '2') }));
    const keeping = ['CreateNamespace=true', 'ClientSideApplyMigration=false'];
    const app = world.application('migration', {
      repoURL: world.git.urlOf('migration'),
      syncPolicy: { automated: { selfHeal: true }, syncOptions: keeping },
    });
    const a = world.object('configmaps', 'a', app.name);
    await world.given(() => world.kubectl(['create', 'namespace', app.name]));
    await world.kubectl(['apply', '-n', app.name, '-f', '-'], { stdin: dropped });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.operationSucceeded(), a.has('data.value', '2'));
    await world.when(app.refreshed('hard'));
    await world.thenConsistently(
      1_000,
      app.isSynced(),
      a.has('data.dropped', 'x'),
      a.matches('is shared with kubectl', ({ metadata }) =>
        owners(metadata.managedFields).includes(OF_KUBECTL),
      ),
    );
    const moving = { spec: { syncPolicy: { syncOptions: ['CreateNamespace=true'] } } };
    await world.when(app.patched(moving));
    await world.thenEventually(
      app.isSynced(),
      a.has('data.dropped', undefined),
      a.has('data.value', '2'),
      a.matches(
        'is ours alone',
        ({ metadata }) => owners(metadata.managedFields).join() === 'argocd-controller Apply',
      ),
    );
  });

  test('client-side-apply-migration-manager: what that manager made becomes ours with the next sync', async () => {
    await world.given(world.repository('manager', { 'a.yaml': configMap('a', '1') }));
    const app = world.application('manager', {
      repoURL: world.git.urlOf('manager'),
      syncPolicy: OPTIONS_SERVER_SIDE,
    });
    const a = world.object('configmaps', 'a', app.name);
    await world.given(() => world.kubectl(['create', 'namespace', app.name]));
    await world.kubectl(['create', '-n', app.name, '--field-manager=my-tool', '-f', '-'], {
      stdin: dropped,
    });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync()); // without our mark
    await world.when(app.synced(OPTIONS_SERVER_SIDE));
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    await world.thenConsistently(500, a.has('data.dropped', 'x'));
    const annotations = { 'argocd.argoproj.io/client-side-apply-migration-manager': 'my-tool' };
    await world.when(app.patched({ metadata: { annotations } }), app.synced(OPTIONS_SERVER_SIDE));
    await world.thenEventually(
      app.isSynced(),
      a.has('data.dropped', undefined),
      a.has('data.value', '1'),
      a.matches(
        'is ours alone',
        ({ metadata }) => owners(metadata.managedFields).join() === 'argocd-controller Apply',
      ),
    );
  });
});
