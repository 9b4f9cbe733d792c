import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { startWorld, type World } from '../language/world.ts';
import { killAgainAndAgain } from './killing.ts';
import { configMap, deployment, generatedHook, inWave } from './manifests.ts';

const signal = AbortSignal.timeout(3_600_000);
/** The long form is for `make soak`. */
const KILLS = process.env['TIPHYS_SOAK'] === '1' ? 200 : 8;
const APPLICATIONS = 6;
/** From one kill to the next; a start takes about one second, a whole sync about six. */
const LIFE_MS = { min: 700, spread: 5_000 };
/** What a sync writes, in this order. Hooks are named by phase and commit. */
const STEPS = ['presync', 'first', 'web', 'sync', 'last', 'postsync'];

describe('the operator is killed in syncs with hooks and waves; the audit log tells what it did', () => {
  let plane: ControlPlane;
  let world: World;
  before(async () => {
    plane = await startControlPlane({ signal, audit: true });
    world = await startWorld({ signal, cluster: plane, operator: false });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  const folders = Array.from({ length: APPLICATIONS }, (_, index) => `app-${index}`);
  /** All that the folders hold as of one commit; every commit changes every object. */
  const contents = (value: string): Record<string, string> =>
    Object.fromEntries(
      folders.flatMap((folder) => [
        [`${folder}/pre.yaml`, generatedHook('PreSync')],
        [`${folder}/first.yaml`, configMap('first', value)],
        [`${folder}/web.yaml`, inWave(1, deployment('web', 1, `nginx:${value}`))],
        [`${folder}/among.yaml`, inWave(2, generatedHook('Sync'))],
        [`${folder}/last.yaml`, inWave(3, configMap('last', value))],
        [`${folder}/post.yaml`, generatedHook('PostSync')],
      ]),
    );
  const bystander = (namespace: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'bystander', namespace, labels: { 'app.kubernetes.io/instance': namespace } },
  });

  test(`${KILLS} kills over ${APPLICATIONS} applications: no wave is skipped, no hook runs twice`, async (t) => {
    await world.given(world.repository('apps', contents('0')));
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
          bystander(app.name),
          app.object,
        ),
      );
    const commits = [await world.git.revision('apps')];
    const during = async (life: number) => {
      // Several lives for each commit: most syncs are resumed, some more than once.
      if (life % 3 === 0)
        commits.push(await world.git.commit('apps', { files: contents(`${life}`) }));
    };
    const killing = { kills: KILLS, lifeMs: LIFE_MS, during };
    const seen = await killAgainAndAgain(world, killing, signal);
    const commit = await world.git.commit('apps', { files: contents('end') });
    commits.push(commit);
    for (const app of apps)
      await world.thenWithin(
        120_000,
        app.isSynced(commit),
        app.isHealthy(),
        app.operationEndedWell(), // one that was superseded may have been cut off last
        app.hasNoConditions(),
        world.object('configmaps', 'first', app.name).has('data.value', 'end'),
        world.object('configmaps', 'last', app.name).has('data.value', 'end'),
      );

    const writes = toldByOthers(
      (await plane.auditedWrites()).filter(
        ({ dryRun, code }) => !dryRun && (code < 300 || code === 504),
      ),
    );
    const unknown = writes.filter(({ code }) => code === 504).length;
    t.diagnostic(`${writes.length} writes, of ${unknown} the log says 504`);
    let whole = 0;
    for (const { name: namespace } of apps) {
      const own = writes.filter((write) => write.namespace === namespace);
      assert.ok(!own.some(({ name }) => name === 'bystander'), `unowned objects touched ${seen}`);
      for (const one of commits) {
        const short = one.slice(0, 7);
        const runs = own.filter((write) => isBeginning(write) && write.name.includes(`-${short}-`));
        for (const phase of ['presync', 'sync', 'postsync'])
          assert.ok(
            runs.filter(({ name }) => name.startsWith(`${phase}-${short}-`)).length <= 1,
            `${namespace}: ${phase} ran twice for ${short} ${seen}: ${runs.map(({ name }) => name)}`,
          );
        const begin = own.findIndex(
          (write) => isBeginning(write) && write.name.startsWith(`presync-${short}-`),
        );
        const end = own.findIndex(({ name }) => name.startsWith(`postsync-${short}-`));
        // A newer commit came in between.
        if (begin === -1 || end === -1) continue;
        const order = own.slice(begin, end + 1).flatMap(({ resource, name }) => {
          const step = STEPS.indexOf(resource === 'jobs' ? (name.split('-')[0] ?? '') : name);
          // Finished hooks lose their finalizer at any later time.
          const isRun = resource !== 'jobs' || runs.some((run) => run.name === name);
          return step === -1 || !isRun ? [] : [step];
        });
        const firsts = order.filter((step, index) => order.indexOf(step) === index);
        assert.deepEqual(
          firsts.map((step) => STEPS[step]),
          STEPS,
          `${namespace} at ${short} ${seen}`,
        );
        const objects = order.filter((step) => STEPS[step]?.endsWith('sync') !== true);
        assert.deepEqual(
          objects,
          [...objects].sort((one, other) => one - other),
          `${namespace} at ${short} went back a wave ${seen}`,
        );
        whole += 1;
      }
    }
    assert.ok(whole >= APPLICATIONS, 'at least the last commit was deployed everywhere');
  });
});

type Write = Awaited<ReturnType<ControlPlane['auditedWrites']>>[number] & {
  /** It stands for the creation of a hook that the log does not have. */
  readonly isFirstSign?: boolean;
};

const isOurs = ({ userAgent, subresource }: Write): boolean =>
  userAgent === 'tiphys' && subresource === '';

const isBeginning = ({ code, isFirstSign }: Write): boolean => code === 201 || isFirstSign === true;

/**
 * What the operator wrote. Of a write that nobody waits for any more, because the operator was killed, the log may say 504
 * though it was stored (Kubernetes 1.36.3: 61 of 261 objects whose client left within 6 ms). That a hook was created is then
 * told by the first write of another controller to it; another object counts as written, for the next life finds it as it
 * should be and sends nothing.
 */
function toldByOthers(all: readonly Write[]): readonly Write[] {
  const nameOf = ({ namespace, name }: Write) => `${namespace}/${name}`;
  const jobs = all.filter(({ resource }) => resource === 'jobs');
  const told = new Set(jobs.filter((one) => isOurs(one) && one.code === 201).map(nameOf));
  return all.flatMap((write) => {
    if (write.resource !== 'jobs') return isOurs(write) ? write : [];
    if (write.code === 504) return [];
    if (told.has(nameOf(write))) return isOurs(write) ? write : [];
    told.add(nameOf(write));
    return { ...write, isFirstSign: true };
  });
}
