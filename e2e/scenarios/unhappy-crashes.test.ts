import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { startWorld, type World } from '../language/world.ts';
import { HASTY, killAgainAndAgain } from './killing.ts';
import { configMap, deployment, generatedHook, inWave } from './manifests.ts';

const signal = AbortSignal.timeout(1_800_000);
/** The long form is for `make soak`. */
const KILLS = process.env['TIPHYS_SOAK'] === '1' ? 50 : 10;
const APPLICATIONS = 12;
/** From one kill to the next; a start takes about one second, a sync with its waves about four. */
const LIFE_MS = { min: 500, spread: 3_500 };

describe('the operator is killed at random moments during syncs', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal, operator: false });
  });
  after(() => world[Symbol.asyncDispose]());

  const folders = Array.from({ length: APPLICATIONS }, (_, index) => `app-${index}`);

  /** What all folders hold as of one commit; `extra` is there in every second one. */
  function contents(commit: number) {
    const value = String(commit);
    const files = folders.flatMap((folder) => [
      [`${folder}/first.yaml`, configMap('first', value)],
      [`${folder}/web.yaml`, inWave(1, deployment('web', 1, `nginx:${value}`))],
      [`${folder}/last.yaml`, inWave(2, configMap('last', value))],
      [`${folder}/pre.yaml`, generatedHook('PreSync')],
      [`${folder}/post.yaml`, generatedHook('PostSync')],
      ...(commit % 2 === 0 ? [[`${folder}/extra.yaml`, configMap('extra', value)]] : []),
    ]);
    const remove = commit % 2 === 0 ? [] : folders.map((folder) => `${folder}/extra.yaml`);
    return { files: Object.fromEntries(files) as Record<string, string>, remove };
  }

  /** Objects that look like the application's, and are not. */
  const bystanders = (app: TestApplication) => [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'labelled',
        namespace: app.name,
        labels: { 'app.kubernetes.io/instance': app.name },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'copied',
        namespace: app.name,
        annotations: {
          'argocd.argoproj.io/tracking-id': `${app.name}:/ConfigMap:${app.name}/extra`,
        },
      },
    },
  ];

  async function versionsOfBystanders(apps: readonly TestApplication[]): Promise<string[]> {
    const versions: string[] = [];
    for (const { name } of apps)
      for (const object of ['labelled', 'copied']) {
        const seen = await world.object('configmaps', object, name).read(signal);
        versions.push(`${name}/${object} ${seen?.metadata.uid} ${seen?.metadata.resourceVersion}`);
      }
    return versions;
  }

  /** How many Jobs of one name have ever been: each is told of by the Event of its Pod. */
  async function jobRuns(app: TestApplication): Promise<ReadonlyMap<string, number>> {
    const uids = new Map<string, Set<string>>();
    for (const event of await world.reader.list('events', app.name, signal)) {
      const about = event['involvedObject'] as { kind: string; name: string; uid: string };
      if (about.kind !== 'Job' || event['reason'] !== 'SuccessfulCreate') continue;
      uids.set(about.name, (uids.get(about.name) ?? new Set()).add(about.uid));
    }
    return new Map([...uids].map(([name, of]) => [name, of.size]));
  }

  test('what was committed while none ran is deployed by the next, without anybody asking', async () => {
    await world.given(world.repository('unwatched', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('unwatched', {
      repoURL: world.git.urlOf('unwatched'),
      syncPolicy: true,
    });
    world.startOperator(HASTY);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.stopOperator('SIGKILL');
    const commit = await world.git.commit('unwatched', {
      files: { 'a.yaml': configMap('a', 'two') },
    });
    world.startOperator(HASTY);
    await world.thenWithin(
      20_000,
      app.isSynced(commit),
      world.object('configmaps', 'a', app.name).has('data.value', 'two'),
    );
    await world.stopOperator('SIGKILL');
  });

  test(`${KILLS} times over ${APPLICATIONS} applications: all converge, no hook runs twice, nothing unowned is touched`, async () => {
    await world.given(world.repository('apps', contents(0).files));
    const apps = folders.map((folder) =>
      world.application(folder, {
        repoURL: world.git.urlOf('apps'),
        path: folder,
        syncPolicy: true,
      }),
    );
    for (const app of apps)
      await world.given(
        world.applied(
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: app.name } },
          ...bystanders(app),
          app.object,
        ),
      );
    const before = await versionsOfBystanders(apps);

    let commit = '';
    const during = async (life: number) => {
      commit = await world.git.commit('apps', contents(life));
    };
    const killing = { kills: KILLS, lifeMs: LIFE_MS, during };
    const seen = await killAgainAndAgain(world, killing, signal);
    for (const app of apps)
      await world
        .thenWithin(
          120_000,
          app.isSynced(commit),
          app.isHealthy(),
          app.operationEndedWell(), // one that was superseded may have been cut off last
          app.hasNoConditions(),
          world.object('configmaps', 'first', app.name).has('data.value', String(KILLS)),
          world.object('configmaps', 'last', app.name).has('data.value', String(KILLS)),
        )
        .catch((error: unknown) => {
          throw new Error(`${app.name} did not converge ${seen}`, { cause: error });
        });
    for (const app of apps) {
      const status = (await app.read(signal))?.['status'] as {
        history: readonly { revision: string }[];
      };
      const deployed = status.history.map(({ revision }) => revision);
      assert.deepEqual(
        deployed,
        [...new Set(deployed)],
        `${app.name} synced a commit twice ${seen}`,
      );
      const runs = await jobRuns(app);
      const twice = [...runs].filter(([, count]) => count > 1);
      assert.deepEqual(twice, [], `hooks of ${app.name} ran twice ${seen}`);
      for (const phase of ['presync', 'postsync'])
        assert.ok(
          [...runs.keys()].some((name) => name.startsWith(`${phase}-${commit.slice(0, 7)}-`)),
          `${app.name}: no ${phase} hook ran for the last commit ${seen}`,
        );
    }
    assert.deepEqual(await versionsOfBystanders(apps), before, `unowned objects changed ${seen}`);
  });
});
