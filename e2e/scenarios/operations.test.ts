import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { met, pending, type Expectation } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment, hangingHook, hookJob, inWave, staged } from './manifests.ts';

const signal = AbortSignal.timeout(900_000);

interface Entry {
  readonly id: number;
  readonly revision: string;
  readonly source: object;
  readonly initiatedBy?: { readonly username?: string; readonly automated?: boolean };
}
interface Status {
  readonly history?: readonly Entry[];
  readonly operationState?: {
    readonly phase: string;
    readonly message: string;
    readonly operation: {
      readonly info?: readonly object[];
      readonly initiatedBy?: { readonly username?: string };
    };
    readonly syncResult?: {
      readonly revision?: string;
      readonly resources?: readonly { readonly name: string; readonly message: string }[];
    };
  };
}

const OPTIONS = { syncOptions: ['CreateNamespace=true'] };

describe('operations, as kubectl starts them', () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      signal,
      operator: ['--sync-wave-delay=100ms', '--repo-poll-interval=1s', '--repo-poll-jitter=0s'],
    });
  });
  after(() => world[Symbol.asyncDispose]());

  const statusOf = async (app: TestApplication): Promise<Status> =>
    ((await app.read(signal))?.['status'] ?? {}) as Status;
  const sees =
    (app: TestApplication, what: string, judge: (status: Status) => boolean): Expectation =>
    async () => {
      const status = await statusOf(app);
      const { history, operationState } = status;
      const seen = `${what}: ${JSON.stringify({ history, operationState })}`;
      return judge(status) ? met(what) : pending(seen);
    };
  /** The one before may have succeeded and still be shown. */
  const ended = (app: TestApplication, message: RegExp) =>
    sees(
      app,
      `ended with ${message}`,
      ({ operationState }) =>
        operationState?.phase === 'Error' && message.test(operationState.message),
    );
  const value = (app: TestApplication, expected: string) =>
    world.object('configmaps', 'a', app.name).has('data.value', expected);

  /** An application with one commit deployed, by hand unless its policy does it. */
  async function deployed(
    base: string,
    input: Partial<Parameters<World['application']>[1]> = {},
    files: Readonly<Record<string, string>> = {},
  ): Promise<TestApplication> {
    await world.given(world.repository(base, { 'a.yaml': configMap('a', 'one'), ...files }));
    const app = world.application(base, {
      repoURL: world.git.urlOf(base),
      syncPolicy: OPTIONS,
      ...input,
    });
    await world.when(app.created());
    if (input.syncPolicy === undefined) {
      await world.thenEventually(app.isOutOfSync());
      await world.when(app.synced(OPTIONS));
    }
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    return app;
  }

  async function pushed(app: TestApplication, base: string, text: string): Promise<string> {
    const commit = await world.git.commit(base, { files: { 'a.yaml': configMap('a', text) } });
    await world.when(app.refreshed());
    await world.thenEventually(app.isOutOfSync());
    return commit;
  }

  test('back to an entry of the history, which is itself an entry; the limit drops the oldest', async () => {
    const app = await deployed('rollback', { spec: { revisionHistoryLimit: 2 } });
    await pushed(app, 'rollback', 'two');
    await world.when(app.synced(OPTIONS));
    await world.thenEventually(app.operationSucceeded(), app.isSynced(), value(app, 'two'));
    const [first, second] = (await statusOf(app)).history ?? [];
    assert.deepEqual([first?.id, second?.id], [0, 1]);

    const info = [{ name: 'Reason', value: 'two is slow' }];
    const sync = { ...OPTIONS, revision: first?.revision, source: first?.source };
    await world.when(app.patched({ operation: { initiatedBy: { username: 'jane' }, info, sync } }));
    await world.thenEventually(value(app, 'one'), app.isOutOfSync(), app.operationSucceeded());
    const { history = [], operationState } = await statusOf(app);
    assert.deepEqual(
      history.map(({ id, revision }) => [id, revision]),
      [
        [1, second?.revision],
        [2, first?.revision],
      ],
    );
    assert.deepEqual(history.at(-1)?.initiatedBy, { username: 'jane' });
    assert.deepEqual(history.at(-1)?.source, first?.source);
    assert.deepEqual(operationState?.operation.info, info);
    assert.equal(operationState?.operation.initiatedBy?.username, 'jane');
    // Nobody syncs by itself here, so it stays as it was wanted.
    await world.thenConsistently(2_000, value(app, 'one'), app.isOutOfSync());
  });

  test('with auto-sync on a rollback is refused, and says how to get it', async () => {
    const automated = { ...OPTIONS, automated: {} };
    const app = await deployed('refused', { syncPolicy: automated });
    const commit = await world.git.commit('refused', {
      files: { 'a.yaml': configMap('a', 'two') },
    });
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(commit), app.operationSucceeded(), value(app, 'two'));
    const [first] = (await statusOf(app)).history ?? [];
    const back = app.synced({ ...OPTIONS, revision: first?.revision, source: first?.source });

    await world.when(back);
    await world.thenEventually(
      sees(app, 'refused', ({ operationState }) =>
        /^rollback cannot be initiated when auto-sync is enabled: .*spec\.syncPolicy\.automated/.test(
          operationState?.message ?? '',
        ),
      ),
    );
    await world.thenConsistently(1_500, value(app, 'two'), app.isSynced(commit));

    await world.when(
      app.patched({ spec: { syncPolicy: { automated: { enabled: false } } } }),
      back,
    );
    await world.thenEventually(value(app, 'one'), app.operationEndedWell(), app.isOutOfSync());
    await world.thenConsistently(2_000, value(app, 'one'));
  });

  test('only what is selected is synced: no hooks, no history', async () => {
    const app = await deployed('selected', {}, { 'b.yaml': configMap('b', 'one') });
    await world.git.commit('selected', {
      files: { 'b.yaml': configMap('b', 'two'), 'pre.yaml': hookJob('pre', 'PreSync') },
    });
    await pushed(app, 'selected', 'two');
    const history = (await statusOf(app)).history ?? [];
    await world.when(app.synced({ ...OPTIONS, resources: [{ kind: 'ConfigMap', name: 'b' }] }));
    await world.thenEventually(
      world.object('configmaps', 'b', app.name).has('data.value', 'two'),
      app.operationSucceeded(),
    );
    await world.thenConsistently(
      1_000,
      value(app, 'one'),
      app.isOutOfSync(),
      world.object('jobs.batch', 'pre', app.name).isAbsent(),
    );
    const status = await statusOf(app);
    assert.deepEqual(status.history, history);
    assert.deepEqual(
      status.operationState?.syncResult?.resources?.map(({ name }) => name),
      ['b'],
    );
  });

  test('SkipHooks=true: the whole is synced and in the history, and no hook runs', async () => {
    const app = await deployed('no-hooks');
    await world.git.commit('no-hooks', {
      files: {
        'pre.yaml': staged(hookJob('pre', 'PreSync'), 'fail'),
        'post.yaml': hookJob('post', 'PostSync'),
      },
    });
    await pushed(app, 'no-hooks', 'two');
    const before = (await statusOf(app)).history ?? [];
    await world.when(app.synced({ syncOptions: [...OPTIONS.syncOptions, 'SkipHooks=true'] }));
    await world.thenEventually(value(app, 'two'), app.operationEndedWell(), app.isSynced());
    await world.thenConsistently(
      500,
      world.object('jobs.batch', 'pre', app.name).isAbsent(),
      world.object('jobs.batch', 'post', app.name).isAbsent(),
    );
    assert.equal((await statusOf(app)).history?.length, before.length + 1);
  });

  test('a dry run tells what would be done, and does nothing', async () => {
    const app = await deployed('dry', {}, { 'old.yaml': configMap('old', 'one') });
    await world.git.commit('dry', {
      files: { 'new.yaml': configMap('new', 'one'), 'pre.yaml': hookJob('pre', 'PreSync') },
      remove: ['old.yaml'],
    });
    await pushed(app, 'dry', 'two');
    const history = (await statusOf(app)).history ?? [];
    await world.when(app.synced({ ...OPTIONS, dryRun: true, prune: true }));
    await world.thenEventually(
      sees(app, 'told', ({ operationState }) => {
        const results = operationState?.syncResult?.resources ?? [];
        const said = results.map(({ name, message }) => `${name}: ${message}`).sort();
        return (
          operationState?.phase === 'Succeeded' &&
          said.length === 4 &&
          said.every((line) => line.endsWith('(dry run)'))
        );
      }),
    );
    await world.thenConsistently(
      1_000,
      value(app, 'one'),
      world.object('configmaps', 'new', app.name).isAbsent(),
      world.object('configmaps', 'old', app.name).exists(),
      world.object('jobs.batch', 'pre', app.name).isAbsent(),
    );
    assert.deepEqual((await statusOf(app)).history, history);
  });

  test('local manifests are synced instead of Git, are in no history, and are refused with auto-sync on', async () => {
    const app = await deployed('local');
    const { history } = await statusOf(app);
    const local = (text: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { value: text },
    });
    await world.when(app.synced({ ...OPTIONS, manifests: [JSON.stringify(local('tried'))] }));
    await world.thenEventually(value(app, 'tried'), app.isOutOfSync(), app.operationSucceeded());
    assert.deepEqual((await statusOf(app)).history, history);
    const hidden = JSON.stringify(local('hunter2')).slice(0, -3);
    await world.when(app.synced({ ...OPTIONS, manifests: [hidden] }));
    await world.thenEventually(
      ended(app, /operation\.sync\.manifests\[0\] is not JSON/),
      app.hasNoConditions(),
    );
    const { operationState } = await statusOf(app);
    assert.doesNotMatch(operationState?.message ?? '', /hunter2/);
    await world.when(app.synced(OPTIONS));
    await world.thenEventually(value(app, 'one'), app.isSynced(), app.operationEndedWell());

    await world.when(
      app.patched({ spec: { syncPolicy: { automated: {} } } }),
      app.synced({ ...OPTIONS, manifests: [JSON.stringify(local('again'))] }),
    );
    await world.thenEventually(ended(app, /^Cannot use local manifests when auto-sync is enabled/));
    await world.thenConsistently(1_000, value(app, 'one'));
  });

  test('retry.refresh: the next attempt takes what was pushed meanwhile, otherwise the same', async () => {
    const invalid = configMap('a', 'two').replace('name: a', 'name: a\n  namespace: not-there');
    const retry = { limit: 9, backoff: { duration: '1s', factor: 1 } };
    for (const refresh of [true, false]) {
      const base = `retry-${refresh}`;
      const app = await deployed(base);
      const bad = await world.git.commit(base, { files: { 'b.yaml': invalid } });
      const sync = { revision: 'HEAD', ...OPTIONS };
      await world.when(app.patched({ operation: { sync, retry: { ...retry, refresh } } }));
      await world.thenEventually(app.operationSays(/Retrying attempt #1/));
      const good = await world.git.commit(base, {
        files: { 'a.yaml': configMap('a', 'two') },
        remove: ['b.yaml'],
      });
      if (refresh) {
        await world.thenEventually(value(app, 'two'), app.isSynced(good), app.operationSucceeded());
      } else {
        await world.thenEventually(app.operationSays(/attempt #3/));
        assert.equal((await statusOf(app)).operationState?.syncResult?.revision, bad);
      }
    }
  });

  /** Each stops at a different place; `fixed` is committed before the sync that has to succeed. */
  for (const { name, says, stuck, fixed, stays, goes } of [
    {
      name: 'a PreSync hook runs',
      says: /completion of hook batch\/Job\/job/,
      stuck: { 'job.yaml': hangingHook('job', 'PreSync') },
      fixed: { 'job.yaml': hookJob('job', 'PreSync') },
      stays: [],
      goes: [['jobs.batch', 'job']],
    },
    {
      name: 'a wave waits for health',
      says: /healthy state of apps\/Deployment\/web/,
      stuck: {
        'web.yaml': staged(deployment('web'), 'hang'),
        'late.yaml': inWave(1, configMap('late', 'x')),
      },
      fixed: { 'web.yaml': deployment('web') },
      stays: [['deployments.apps', 'web']],
      goes: [['configmaps', 'late']],
    },
    {
      name: 'a PostSync hook runs',
      says: /completion of hook batch\/Job\/job/,
      stuck: { 'job.yaml': hangingHook('job', 'PostSync') },
      fixed: { 'job.yaml': hookJob('job', 'PostSync') },
      stays: [['configmaps', 'a']],
      goes: [['jobs.batch', 'job']],
    },
    {
      name: 'the next attempt is waited for',
      says: /Retrying attempt #1/,
      stuck: {
        'far.yaml': configMap('far', 'x').replace('name: far', 'name: far\n  namespace: not-there'),
      },
      fixed: { 'far.yaml': configMap('far', 'x') },
      stays: [],
      goes: [],
    },
  ] as const)
    test(`terminated while ${name}: it ends, and the next sync succeeds`, async () => {
      const base = `terminated-${name.split(' ').slice(0, 3).join('-').toLowerCase()}`;
      await world.given(world.repository(base, { 'a.yaml': configMap('a', 'one'), ...stuck }));
      const app = world.application(base, {
        repoURL: world.git.urlOf(base),
        syncPolicy: OPTIONS,
      });
      await world.when(app.created());
      await world.thenEventually(app.isOutOfSync());
      const retry = { limit: 3, backoff: { duration: '10m', maxDuration: '1h' } };
      await world.when(app.patched({ operation: { sync: OPTIONS, retry } }));
      await world.thenEventually(app.operationSays(says));
      await world.when(app.terminated());
      await world.thenEventually(
        app.operationFailed(/^Operation terminated$/),
        ...stays.map(([kind, object]) => world.object(kind, object, app.name).exists()),
        ...goes.map(([kind, object]) => world.object(kind, object, app.name).isAbsent()),
      );
      await world.when(world.pushed(base, { files: fixed }), app.refreshed());
      await world.thenEventually(
        sees(app, 'knows the commit', ({ operationState }) => operationState?.phase === 'Failed'),
      );
      await world.when(app.synced(OPTIONS));
      await world.thenEventually(
        app.operationEndedWell(),
        app.isSynced(),
        app.isHealthy(),
        ...goes.map(([kind, object]) => world.object(kind, object, app.name).exists()),
      );
    });
});
