import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { chart, configMap, deployment, hangingHook, under } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

describe('what goes wrong is told on the object it came from', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
    await world.given(world.repository('good', { 'a.yaml': configMap('a', '1') }));
  });
  after(() => world[Symbol.asyncDispose]());

  const good = (base: string) =>
    world.application(base, { repoURL: world.git.urlOf('good'), syncPolicy: true });

  test('a contradictory destination fails that Application alone', async () => {
    const broken = world.application('contradictory', {
      repoURL: world.git.urlOf('good'),
      spec: { destination: { server: 'https://kubernetes.default.svc', name: 'in-cluster' } },
    });
    const beside = good('beside');
    await world.when(broken.created(), beside.created());
    await world.thenEventually(
      broken.hasCondition('InvalidSpecError', /can't have both name and server defined/),
      broken.hasHealth('Unknown'),
      beside.isSynced(),
      beside.isHealthy(),
    );
  });

  test('an unknown project is named', async () => {
    const app = world.application('no-project', {
      repoURL: world.git.urlOf('good'),
      project: 'nobody',
    });
    await world.when(app.created());
    await world.thenEventually(
      app.hasCondition('InvalidSpecError', /referencing project nobody which does not exist/),
    );
  });

  test('a missing path is named', async () => {
    const app = world.application('no-path', {
      repoURL: world.git.urlOf('good'),
      path: 'nowhere',
    });
    await world.when(app.created());
    await world.thenEventually(
      app.hasCondition('ComparisonError', /nowhere: app path does not exist/),
    );
  });

  test('a missing revision is named, and found when it is pushed', async () => {
    const app = world.application('no-revision', {
      repoURL: world.git.urlOf('good'),
      targetRevision: 'v1',
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.hasCondition('ComparisonError', /revision not found/));
    await world.when(() => world.git.tag('good', 'v1'), app.refreshed());
    await world.thenEventually(app.isSynced(), app.isHealthy());
  });

  test('a repository that cannot be reached is named, and followed when it is back', async () => {
    await world.given(world.repository('away', { 'a.yaml': configMap('a', '1') }));
    world.git.behave('refuse', 'away');
    const app = world.application('away', { repoURL: world.git.urlOf('away'), syncPolicy: true });
    const beside = good('beside-away');
    await world.when(app.created(), beside.created());
    await world.thenEventually(
      app.hasCondition('ComparisonError', /away\.git/),
      beside.isSynced(),
      beside.isHealthy(),
    );
    world.git.behave('serve', 'away');
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.hasNoConditions());
  });

  test('a chart that does not render says what helm says', async () => {
    const files = {
      ...chart('broken'),
      'templates/bad.yaml': '{{ required "give a name" .Values.nm }}',
    };
    await world.given(world.repository('chart', under('chart', files)));
    const app = world.application('chart', { repoURL: world.git.urlOf('chart'), path: 'chart' });
    await world.when(app.created());
    await world.thenEventually(app.hasCondition('ComparisonError', /give a name/));
  });

  test('a broken manifest is named with its file, and nothing is pruned for it', async () => {
    await world.given(
      world.repository('yaml', { 'a.yaml': configMap('a', '1'), 'b.yaml': configMap('b', '1') }),
    );
    const app = world.application('yaml', { repoURL: world.git.urlOf('yaml'), syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const broken = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n name: twice\n';
    await world.when(world.pushed('yaml', { files: { 'b.yaml': broken } }), app.refreshed());
    await world.thenEventually(app.hasCondition('ComparisonError', /b\.yaml/));
    await world.thenConsistently(
      1_000,
      world.object('configmaps', 'a', app.name).exists(),
      world.object('configmaps', 'b', app.name).exists(),
    );
  });

  test('an object that the API server rejects is reported in its words, and nothing is applied', async () => {
    const bad =
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n  ports: [{ port: 99999 }]\n';
    await world.given(
      world.repository('rejected', { 'bad.yaml': bad, 'a.yaml': configMap('a', '1') }),
    );
    const app = world.application('rejected', {
      repoURL: world.git.urlOf('rejected'),
      syncPolicy: {
        automated: {},
        syncOptions: ['CreateNamespace=true'],
        retry: { limit: 0 },
      },
    });
    await world.when(app.created());
    await world.thenEventually(
      app.operationFailed(/must be between 1 and 65535/),
      app.hasCondition('SyncError', /Failed last sync attempt/),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).isAbsent());
    const good = bad.replace('99999', '80');
    await world.when(world.pushed('rejected', { files: { 'bad.yaml': good } }), app.refreshed());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.hasNoConditions());
  });

  test('an operation that waits for a hook can be terminated', async () => {
    const hanging = hangingHook('hang', 'PreSync');
    await world.given(
      world.repository('hanging', { 'hang.yaml': hanging, 'web.yaml': deployment('web') }),
    );
    const app = world.application('hanging', {
      repoURL: world.git.urlOf('hanging'),
      syncPolicy: { syncOptions: ['CreateNamespace=true'] },
    });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced({ syncOptions: ['CreateNamespace=true'] }));
    const job = world.object('jobs.batch', 'hang', app.name);
    await world.thenEventually(
      job.exists(),
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('status.operationState.message', 'waiting for completion of hook batch/Job/hang'),
    );
    await world.when(app.terminated());
    await world.thenEventually(app.operationFailed(/Operation terminated/), job.isAbsent());
    await world.thenConsistently(500, world.object('deployments.apps', 'web', app.name).isAbsent());
  });
});
