import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { FAULTS, type FaultyProxy, startFaultyProxy } from '../controlplane/faulty-proxy.ts';
import type { AuditedWrite } from '../controlplane/audit-log.ts';
import type { TestApplication } from '../language/application.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment, generatedHook, inWave } from './manifests.ts';

const signal = AbortSignal.timeout(900_000);
const APPLICATIONS = 30;
const FAULTY = 0.1;
const SEED = Number(process.env['TIPHYS_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

interface Status {
  readonly operationState: { readonly startedAt: string };
  readonly sync: { readonly revision: string };
  readonly resources: readonly {
    readonly kind: string;
    readonly name: string;
    readonly hook?: boolean;
  }[];
  readonly history: readonly { readonly revision: string }[];
}

describe('an API server with bad days', () => {
  let plane: ControlPlane;
  let proxy: FaultyProxy;
  let world: World;
  before(async () => {
    plane = await startControlPlane({ signal, audit: true });
    proxy = await startFaultyProxy({ plane, seed: SEED, rate: FAULTY });
    world = await startWorld({ signal, cluster: plane, operator: false });
    world.startOperator([
      `--kubeconfig=${proxy.kubeconfigPath}`,
      '--sync-wave-delay=200ms',
      '--repo-poll-interval=1s',
      '--repo-poll-jitter=0s',
    ]);
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  const folders = Array.from({ length: APPLICATIONS }, (_, index) => `app-${index}`);
  const filesOf = (folder: string, value: string) => ({
    [`${folder}/first.yaml`]: configMap('first', value),
    [`${folder}/web.yaml`]: inWave(1, deployment('web', 1, `nginx:${value}`)),
    [`${folder}/last.yaml`]: inWave(2, configMap('last', value)),
    [`${folder}/pre.yaml`]: generatedHook('PreSync'),
  });
  const files = (value: string): Record<string, string> =>
    Object.assign({}, ...folders.map((folder) => filesOf(folder, value)));
  const extras = folders.map((folder) => `${folder}/extra.yaml`);

  const statusOf = async (app: TestApplication) =>
    (await app.read(signal))?.['status'] as unknown as Status;
  /** Jobs that the operator made as hooks, in the namespace of an application. */
  const hooksMade = async (app: TestApplication): Promise<readonly AuditedWrite[]> =>
    (await plane.auditedWrites()).filter(
      ({ resource, subresource, code, dryRun, userAgent, namespace }) =>
        resource === 'jobs' &&
        subresource === '' &&
        code === 201 &&
        !dryRun &&
        userAgent === 'tiphys' &&
        namespace === app.name,
    );

  /** All Applications say so, and it is so. */
  async function convergeTo(apps: readonly TestApplication[], commit: string, value: string) {
    for (const app of apps)
      await world.thenWithin(
        180_000,
        app.isSynced(commit),
        app.isHealthy(),
        app.operationEndedWell(),
        world.object('configmaps', 'first', app.name).has('data.value', value),
        world.object('configmaps', 'last', app.name).has('data.value', value),
        world.object('deployments.apps', 'web', app.name).has('status.readyReplicas', 1),
      );
  }

  test(`every tenth request fails: ${APPLICATIONS} applications with waves and a hook all end right (TIPHYS_SEED=${SEED})`, async () => {
    const withExtras = Object.fromEntries(extras.map((path) => [path, configMap('extra', '1')]));
    await world.given(world.repository('faulty', { ...files('1'), ...withExtras }));
    const apps = folders.map((folder) =>
      world.application(folder, {
        repoURL: world.git.urlOf('faulty'),
        path: folder,
        syncPolicy: {
          automated: { prune: true, selfHeal: true },
          syncOptions: ['CreateNamespace=true'],
          retry: { limit: 20, backoff: { duration: '1s', factor: 1, maxDuration: '1s' } },
        },
      }),
    );
    const first = await world.git.revision('faulty');
    await world.given(() => world.kubectl.apply(...apps.map(({ object }) => object)));
    await convergeTo(apps, first, '1');
    const second = await world.git.commit('faulty', { files: files('2'), remove: extras });
    await convergeTo(apps, second, '2');

    // The API server recovers: whatever was wrong for a moment is said no longer.
    proxy.setRate(0);
    for (const app of apps) {
      await world.thenEventually(
        app.isSynced(second),
        app.isHealthy(),
        app.operationEndedWell(),
        app.hasNoConditions(),
        world.object('configmaps', 'extra', app.name).isAbsent(),
      );
      const status = await statusOf(app);
      assert.deepEqual(
        status.resources
          .filter(({ hook: isHook }) => isHook !== true)
          .map(({ kind, name }) => `${kind}/${name}`)
          .sort(),
        ['ConfigMap/first', 'ConfigMap/last', 'Deployment/web'],
        `${app.name} lists what there is`,
      );
      assert.deepEqual(
        status.history.map(({ revision }) => revision),
        [first, second],
        `${app.name} deployed each commit once`,
      );
    }

    for (const app of apps) {
      const made = await hooksMade(app);
      for (const commit of [first, second]) {
        // Operation and attempt, as the hook object itself is marked: each attempt runs its hooks
        // anew, and none twice. The status tells of the last operation alone, which may be a self-heal.
        const runs = made
          .filter(({ name }) => name.startsWith(`presync-${commit.slice(0, 7)}-`))
          .map(({ hookRun }) => hookRun);
        assert.ok(runs.length >= 1, `${app.name}: no hook ran for ${commit}`);
        assert.ok(!runs.includes(''), `${app.name}: a hook without the mark of its run`);
        assert.deepEqual(runs, [...new Set(runs)], `${app.name}: one attempt ran a hook twice`);
        assert.equal(
          new Set(runs.map((run) => run.split('-')[0])).size,
          1,
          `${app.name}: several operations for one commit: ${runs.join(', ')}`,
        );
      }
    }
    for (const fault of [...FAULTS, 'watch-cut'] as const)
      assert.ok(
        proxy.faults[fault] > 0,
        `${fault} never happened: ${JSON.stringify(proxy.faults)}`,
      );
  });

  test('a beginning that was stored though the answer was 500, and is seen in another second', async () => {
    proxy.setRate(0);
    await world.given(world.repository('begun', filesOf('app', '1')));
    const app = world.application('begun', {
      repoURL: world.git.urlOf('begun'),
      path: 'app',
      syncPolicy: { automated: {}, syncOptions: ['CreateNamespace=true'] },
    });
    const status = `/applications/${app.name}/status`;
    let blindUntilMs = 0;
    proxy.setScript(({ method, path, isWatch }) => {
      if (isWatch && path.endsWith('/applications') && Date.now() < blindUntilMs) return 'internal';
      if (method !== 'PATCH' || !path.endsWith(status) || blindUntilMs > 0) return undefined;
      blindUntilMs = Date.now() + 2_500;
      proxy.cutWatches();
      return 'internal-after';
    });
    await world.when(app.created());
    await world.thenEventually(app.operationSays(/(?:)/));
    const begun = await statusOf(app);
    await world.thenEventually(app.isSynced(), app.operationEndedWell());
    proxy.setScript(() => undefined);
    assert.ok(blindUntilMs > 0, 'the beginning was written');
    assert.equal((await statusOf(app)).history.length, 1);
    const runs = (await hooksMade(app)).map(({ hookRun }) => hookRun);
    const seconds = Date.parse(begun.operationState.startedAt) / 1000;
    assert.deepEqual(
      runs,
      [`${seconds}-0-PreSync`],
      'what had begun went on, and nothing else began',
    );
  });

  test('a request that cannot be taken away for a while is carried out once', async () => {
    proxy.setRate(0);
    await world.given(world.repository('asked', filesOf('app', '1')));
    const syncOptions = ['CreateNamespace=true'];
    const app = world.application('asked', {
      repoURL: world.git.urlOf('asked'),
      path: 'app',
      syncPolicy: { syncOptions },
    });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    let refused = 0;
    proxy.setScript(({ method, path }) => {
      if (method !== 'PATCH' || !path.endsWith(`/applications/${app.name}`) || refused >= 12)
        return undefined;
      refused += 1;
      return 'conflict';
    });
    await world.when(app.synced({ syncOptions }));
    await world.thenEventually(
      app.isSynced(),
      app.operationEndedWell(),
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .has('operation', undefined),
    );
    await world.thenConsistently(1_500, app.isSynced(), app.operationEndedWell());
    proxy.setScript(() => undefined);
    assert.equal(refused, 12);
    assert.equal((await statusOf(app)).history.length, 1);
    assert.equal((await hooksMade(app)).length, 1);
  });
});
