import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment, hookJob, inWave, staged } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

describe('drift, pruning and manual syncs', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  test('drift is healed when self-heal is on', async () => {
    await world.given(world.repository('heal', { 'a.yaml': configMap('a', 'from Git') }));
    const app = world.application('heal', { repoURL: world.git.urlOf('heal'), syncPolicy: true });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(world.edited('configmap', 'a', app.name, { data: { value: 'by hand' } }));
    await world.thenEventually(object.has('data.value', 'from Git'), app.isSynced());
    await world.when(() =>
      world.kubectl(['delete', 'configmap', 'a', `--namespace=${app.name}`, '--wait=false']),
    );
    await world.thenEventually(object.has('data.value', 'from Git'), app.isSynced());
  });

  test('drift is reported and left alone when self-heal is off', async () => {
    await world.given(world.repository('drift', { 'a.yaml': configMap('a', 'from Git') }));
    const app = world.application('drift', {
      repoURL: world.git.urlOf('drift'),
      syncPolicy: { automated: { prune: true }, syncOptions: ['CreateNamespace=true'] },
    });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(world.edited('configmap', 'a', app.name, { data: { value: 'by hand' } }));
    await world.thenEventually(app.isOutOfSync());
    await world.thenConsistently(1_500, app.isOutOfSync(), object.has('data.value', 'by hand'));
    await world.thenEventually(
      app.hasCondition(
        'AutoSyncInfo',
        /cluster changed later.*spec\.syncPolicy\.automated\.selfHeal/,
      ),
    );
    const on = { automated: { prune: true, selfHeal: true } };
    await world.when(app.patched({ spec: { syncPolicy: on } }), app.refreshed());
    await world.thenEventually(app.isSynced(), app.hasNoConditions());
  });

  test('drift that comes back again and again is healed later each time, and status says when', async () => {
    await world.given(world.repository('again', { 'a.yaml': configMap('a', 'from Git') }));
    const app = world.application('again', { repoURL: world.git.urlOf('again'), syncPolicy: true });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const edited = () =>
      world.when(world.edited('configmap', 'a', app.name, { data: { value: 'by hand' } }));
    for (let times = 1; times <= 2; times += 1) {
      await edited();
      await world.thenEventually(object.has('data.value', 'from Git'), app.isSynced());
    }
    await edited(); // 6 s after the last one
    await world.thenEventually(
      app.hasCondition('AutoSyncInfo', /^healed a moment ago; healed again at 20\S+Z$/),
    );
    await world.thenEventually(
      object.has('data.value', 'from Git'),
      app.isSynced(),
      app.hasNoConditions(),
    );
  });

  test('fields of other managers are no drift', async () => {
    await world.given(world.repository('others', { 'web.yaml': deployment('web') }));
    const app = world.application('others', {
      repoURL: world.git.urlOf('others'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(() =>
      world.kubectl(['label', 'deployment', 'web', `--namespace=${app.name}`, 'added=by-hand']),
    );
    await world.thenConsistently(
      1_500,
      app.isSynced(),
      world.object('deployments.apps', 'web', app.name).has('metadata.labels.added', 'by-hand'),
    );
  });

  test('a removed file is pruned only with prune on', async () => {
    const files = { 'a.yaml': configMap('a', '1'), 'b.yaml': configMap('b', '1') };
    await world.given(world.repository('prune', files));
    const app = world.application('prune', {
      repoURL: world.git.urlOf('prune'),
      syncPolicy: { automated: { selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
    });
    const b = world.object('configmaps', 'b', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(world.pushed('prune', { remove: ['b.yaml'] }), app.refreshed());
    await world.thenEventually(app.isOutOfSync());
    await world.thenConsistently(1_000, b.exists());
    await world.thenEventually(
      app.hasCondition('AutoSyncInfo', /^Only pruning is left.*spec\.syncPolicy\.automated\.prune/),
    );
    await world.when(app.patched({ spec: { syncPolicy: { automated: { prune: true } } } }));
    await world.thenEventually(b.isAbsent(), app.isSynced(), app.hasNoConditions());
  });

  test('an empty source prunes nothing unless that is allowed', async () => {
    await world.given(world.repository('empty', { 'app/a.yaml': configMap('a', '1') }));
    const app = world.application('empty', {
      repoURL: world.git.urlOf('empty'),
      path: 'app',
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(
      world.pushed('empty', { remove: ['app/a.yaml'], files: { 'app/README.md': 'nothing here' } }),
      app.refreshed(),
    );
    await world.thenEventually(
      app.hasCondition('SyncError', /auto-sync will wipe out all resources/),
    );
    await world.thenConsistently(1_000, world.object('configmaps', 'a', app.name).exists());
  });

  test('nothing happens without a policy until somebody sets operation', async () => {
    await world.given(world.repository('manual', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('manual', {
      repoURL: world.git.urlOf('manual'),
      syncPolicy: { syncOptions: ['CreateNamespace=true'] },
    });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync(), app.hasHealth('Missing'));
    await world.thenConsistently(1_000, object.isAbsent());
    await world.when(app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(
      app.operationSucceeded(),
      app.isSynced(),
      app.isHealthy(),
      object.has('data.value', 'one'),
    );
    const first = await world.git.revision('manual');
    await world.git.commit('manual', { files: { 'a.yaml': configMap('a', 'two') } });
    await world.when(app.synced({ dryRun: true }));
    await world.thenEventually(app.operationSucceeded(), app.isOutOfSync());
    await world.thenConsistently(1_000, object.has('data.value', 'one'));
    await world.when(app.synced({}));
    await world.thenEventually(object.has('data.value', 'two'), app.isSynced());
    await world.when(app.synced({ revision: first }));
    await world.thenEventually(object.has('data.value', 'one'), app.isOutOfSync());
  });

  test('waves and hooks run in order, each waiting for the one before', async () => {
    await world.given(
      world.repository('waves', {
        'pre.yaml': hookJob('pre', 'PreSync'),
        'one.yaml': inWave(1, deployment('one')),
        'two.yaml': inWave(2, configMap('two', 'x')),
        'post.yaml': hookJob('post', 'PostSync'),
      }),
    );
    const app = world.application('waves', {
      repoURL: world.git.urlOf('waves'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.operationSucceeded(), app.isSynced(), app.isHealthy());
    await world.thenEventually(
      world
        .object('configmaps', 'two', app.name)
        .matches('was made after wave 1 was up', () => true),
      world.object('jobs.batch', 'pre', app.name).has('status.succeeded', 1),
      world.object('jobs.batch', 'post', app.name).has('status.succeeded', 1),
    );
  });

  test('a hook that fails ends the sync, and nothing after it is applied', async () => {
    const failing = staged(hookJob('migrate', 'PreSync'), 'fail');
    await world.given(
      world.repository('failing-hook', { 'job.yaml': failing, 'a.yaml': configMap('a', '1') }),
    );
    const app = world.application('failing-hook', {
      repoURL: world.git.urlOf('failing-hook'),
      syncPolicy: { syncOptions: ['CreateNamespace=true'] },
    });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(
      app.operationFailed(/synchronization tasks completed unsuccessfully/),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).isAbsent());
  });
});
