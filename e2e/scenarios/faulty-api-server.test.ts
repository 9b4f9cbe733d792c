import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { FAULTS, type FaultyProxy, startFaultyProxy } from '../controlplane/faulty-proxy.ts';
import type { TestApplication } from '../language/application.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment, generatedHook, inWave } from './manifests.ts';

const signal = AbortSignal.timeout(900_000);
const APPLICATIONS = 30;
const FAULTY = 0.1;
const SEED = Number(process.env['TIPHYS_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

interface Status {
  readonly operationState: { readonly retryCount?: number };
  readonly sync: { readonly revision: string };
  readonly resources: readonly {
    readonly kind: string;
    readonly name: string;
    readonly hook?: boolean;
  }[];
  readonly history: readonly { readonly revision: string }[];
}

describe(`every tenth request to the API server fails (TIPHYS_SEED=${SEED})`, () => {
  let plane: ControlPlane;
  let proxy: FaultyProxy;
  let world: World;
  before(async () => {
    plane = await startControlPlane({ signal, audit: true });
    proxy = await startFaultyProxy({ plane, seed: SEED, rate: FAULTY });
    world = await startWorld({ signal, cluster: plane, operator: false });
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
  /** Every attempt runs its hooks anew; none runs them twice. */
  const attemptsOf = async (app: TestApplication) =>
    1 + ((await statusOf(app)).operationState.retryCount ?? 0);

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

  test(`${APPLICATIONS} applications with waves and a hook all end right`, async () => {
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
    world.startOperator([
      `--kubeconfig=${proxy.kubeconfigPath}`,
      '--sync-wave-delay=200ms',
      '--repo-poll-interval=1s',
      '--repo-poll-jitter=0s',
    ]);
    const first = await world.git.revision('faulty');
    await world.given(() => world.kubectl.apply(...apps.map(({ object }) => object)));
    await convergeTo(apps, first, '1');
    const attempts = new Map<string, number>();
    for (const app of apps) attempts.set(`${app.name} ${first}`, await attemptsOf(app));
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
      attempts.set(`${app.name} ${second}`, await attemptsOf(app));
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

    const writes = await plane.auditedWrites();
    const made = writes.filter(
      ({ resource, subresource, code, dryRun, userAgent }) =>
        resource === 'jobs' &&
        subresource === '' &&
        code === 201 &&
        !dryRun &&
        userAgent === 'tiphys',
    );
    for (const { name } of apps)
      for (const commit of [first, second]) {
        const runs = made.filter(
          (write) =>
            write.namespace === name && write.name.startsWith(`presync-${commit.slice(0, 7)}-`),
        );
        const allowed = attempts.get(`${name} ${commit}`) ?? 0;
        assert.ok(
          runs.length >= 1 && runs.length <= allowed,
          `${name}: ${runs.length} runs of the hook in ${allowed} attempts at ${commit}: ${JSON.stringify(
            {
              runs: runs.map((run) => [run.name, run.verb, run.receivedAtMicros]),
              deletions: writes
                .filter((write) => write.namespace === name && write.verb === 'delete')
                .map((write) => [write.name, write.code, write.receivedAtMicros]),
              log: (await world.operatorLog()).split('\n').filter((line) => line.includes(name)),
            },
            undefined,
            1,
          )}`,
        );
      }
    for (const fault of [...FAULTS, 'watch-cut'] as const)
      assert.ok(
        proxy.faults[fault] > 0,
        `${fault} never happened: ${JSON.stringify(proxy.faults)}`,
      );
  });
});
