import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { type Expectation, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment, hookJob, staged } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

interface OperationState {
  readonly phase: string;
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly retryCount?: number;
  readonly syncResult?: {
    readonly resources?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly status: string;
      readonly message: string;
    }[];
  };
}

const namespaceObject = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

describe('syncs that cannot succeed at once', () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      signal,
      operator: ['--repo-poll-interval=1s', '--repo-poll-jitter=0s'],
    });
  });
  after(() => world[Symbol.asyncDispose]());

  async function operationOf(app: TestApplication): Promise<OperationState | undefined> {
    const status = (await app.read(signal))?.['status'] as
      | { readonly operationState?: OperationState }
      | undefined;
    return status?.operationState;
  }
  const operation =
    (app: TestApplication, what: string, judge: (state: OperationState) => boolean): Expectation =>
    async () => {
      const state = await operationOf(app);
      return state !== undefined && judge(state)
        ? met(what)
        : pending(`not so that the operation ${what}: ${JSON.stringify(state)}`);
    };

  test('a namespace that appears later: the sync is retried until it succeeds', async () => {
    const elsewhere = world.name('retried-elsewhere');
    const there = configMap('there', '1').replace(
      'name: there',
      `name: there\n  namespace: ${elsewhere}`,
    );
    await world.given(
      world.repository('retried', { 'there.yaml': there, 'here.yaml': configMap('here', '1') }),
    );
    const app = world.application('retried', {
      repoURL: world.git.urlOf('retried'),
      syncPolicy: {
        automated: {},
        syncOptions: ['CreateNamespace=true'],
        retry: { limit: 10, backoff: { duration: '1s', factor: 1 } },
      },
    });
    await world.when(app.created());
    await world.thenEventually(
      operation(
        app,
        'waits for its second retry',
        ({ phase, message = '', finishedAt, retryCount }) =>
          phase === 'Running' &&
          finishedAt !== undefined &&
          retryCount === 2 &&
          /namespaces ".*" not found/.test(message) &&
          /Retrying attempt #2 at /.test(message),
      ),
    );
    const begun = await operationOf(app);
    await world.when(world.applied(namespaceObject(elsewhere)));
    await world.thenEventually(
      app.operationSucceeded(),
      app.isSynced(),
      world.object('configmaps', 'there', elsewhere).exists(),
      world.object('configmaps', 'here', app.name).exists(),
    );
    const ended = await operationOf(app);
    assert.equal(ended?.startedAt, begun?.startedAt, 'it was another operation');
    await world.when(() => world.kubectl(['delete', 'namespace', elsewhere, '--wait=false']));
  });

  test('an object that is rejected: results name it in the words of the API server, and it ends', async () => {
    const bad = configMap('Not_A_Name', '1');
    await world.given(
      world.repository('exhausted', { 'bad.yaml': bad, 'a.yaml': configMap('a', '1') }),
    );
    const app = world.application('exhausted', {
      repoURL: world.git.urlOf('exhausted'),
      syncPolicy: {
        automated: { selfHeal: true, prune: true },
        syncOptions: ['CreateNamespace=true'],
        retry: { limit: 2, backoff: { duration: '1s', factor: 1 } },
      },
    });
    await world.when(app.created());
    await world.thenEventually(
      app.operationFailed(/\(retried 2 times\)\.$/),
      app.hasCondition('SyncError', /^Failed last sync attempt to \[[0-9a-f]{40}\]: .*RFC 1123/s),
      app.isOutOfSync(),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).isAbsent());
    const ended = await operationOf(app);
    const resources = ended?.syncResult?.resources ?? [];
    const rejected = resources.find(({ name }) => name === 'Not_A_Name');
    assert.equal(rejected?.status, 'SyncFailed');
    assert.match(rejected.message, /RFC 1123 subdomain/);
    const untouched = resources.find(({ name }) => name === 'a');
    assert.equal(untouched?.status, undefined, 'the dry run of the whole set wrote nothing');
    await world.when(app.refreshed());
    await world.thenConsistently(
      3_000,
      operation(
        app,
        'is still the one that failed',
        ({ startedAt, finishedAt }) =>
          startedAt === ended?.startedAt && finishedAt === ended.finishedAt,
      ),
    );
    await world.when(world.pushed('exhausted', { remove: ['bad.yaml'] }));
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.hasNoConditions());
  });

  test('a kind that the cluster does not know: nothing is applied, and the message names it', async () => {
    const unknown = 'apiVersion: nobody.example/v1\nkind: Nothing\nmetadata: { name: it }\n';
    await world.given(
      world.repository('unknown', { 'it.yaml': unknown, 'a.yaml': configMap('a', '1') }),
    );
    const app = world.application('unknown', {
      repoURL: world.git.urlOf('unknown'),
      syncPolicy: { automated: {}, syncOptions: ['CreateNamespace=true'], retry: { limit: 0 } },
    });
    await world.when(app.created());
    await world.thenEventually(
      app.operationFailed(/could not find nobody\.example\/Nothing/),
      app.isOutOfSync(),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).isAbsent());
  });

  test('a commit that comes while a sync waits is deployed after it', async () => {
    await world.given(
      world.repository('busy', {
        'job.yaml': staged(hookJob('slow', 'PreSync'), 'complete-after-3s'),
        'a.yaml': configMap('a', 'one'),
      }),
    );
    const app = world.application('busy', { repoURL: world.git.urlOf('busy'), syncPolicy: true });
    const waits = operation(app, 'waits for its hook', ({ message = '' }) =>
      message.startsWith('waiting for completion of hook'),
    );
    await world.when(app.created());
    await world.thenEventually(waits);
    await world.when(world.pushed('busy', { files: { 'a.yaml': configMap('a', 'two') } }));
    const commit = await world.git.revision('busy');
    await world.thenWithin(
      30_000,
      app.isSynced(commit),
      app.operationSucceeded(),
      world.object('configmaps', 'a', app.name).has('data.value', 'two'),
    );
  });

  test('an operation that waits for its next attempt can be terminated', async () => {
    const elsewhere = world.name('never');
    const there = configMap('there', '1').replace(
      'name: there',
      `name: there\n  namespace: ${elsewhere}`,
    );
    await world.given(world.repository('between', { 'there.yaml': there }));
    const app = world.application('between', {
      repoURL: world.git.urlOf('between'),
      syncPolicy: { automated: {}, retry: { limit: 5, backoff: { duration: '60s' } } },
    });
    await world.when(app.created());
    await world.thenEventually(
      operation(
        app,
        'waits for its first retry',
        ({ phase, finishedAt }) => phase === 'Running' && finishedAt !== undefined,
      ),
    );
    await world.when(app.terminated());
    await world.thenEventually(app.operationFailed(/^Operation terminated$/));
    const ended = await operationOf(app);
    await world.thenConsistently(
      2_000,
      operation(
        app,
        'has ended',
        ({ startedAt, phase }) => phase === 'Failed' && startedAt === ended?.startedAt,
      ),
    );
  });

  test('a namespace that somebody deletes comes back with all that was in it', async () => {
    await world.given(
      world.repository('razed', { 'a.yaml': configMap('a', '1'), 'web.yaml': deployment('web') }),
    );
    const app = world.application('razed', { repoURL: world.git.urlOf('razed'), syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    const uid = (await world.object('namespaces', app.name).read(signal))?.metadata.uid;
    await world.when(() => world.kubectl(['delete', 'namespace', app.name, '--wait=false']));
    await world.thenEventually(
      world
        .object('namespaces', app.name)
        .matches('is a new one', ({ metadata }) => metadata.uid !== uid),
      world.object('configmaps', 'a', app.name).exists(),
      app.isSynced(),
      app.isHealthy(),
    );
  });

  test('while Git hangs, drift is healed from what is known, and the status stays', async () => {
    await world.given(world.repository('hangs', { 'a.yaml': configMap('a', 'from Git') }));
    const app = world.application('hangs', { repoURL: world.git.urlOf('hangs'), syncPolicy: true });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    world.git.behave('hang', 'hangs');
    await world.when(() =>
      world.kubectl([
        'patch',
        'configmap',
        'a',
        `--namespace=${app.name}`,
        '--type=merge',
        '--patch={"data":{"value":"by hand"}}',
      ]),
    );
    await world.thenWithin(10_000, object.has('data.value', 'from Git'), app.isSynced());
    await world.thenConsistently(1_000, app.isSynced(), app.hasNoConditions());
    const commit = await world.git.commit('hangs', { files: { 'a.yaml': configMap('a', 'new') } });
    world.git.behave('serve', 'hangs');
    await world.thenWithin(40_000, app.isSynced(commit), object.has('data.value', 'new'));
  });
});
