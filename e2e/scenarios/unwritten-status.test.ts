import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { met, pending, type Expectation } from '../language/expectation.ts';
import { refusal } from '../language/refusal.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

interface Status {
  readonly operationState?: {
    readonly phase: string;
    readonly operation: { readonly sync?: { readonly autoHealAttemptsCount?: number } };
    readonly syncResult?: { readonly revision: string };
  };
  readonly history?: readonly { readonly revision: string }[];
}

/** Of a status that tells of an operation that has not ended. */
const RUNS =
  "has(object.status) && has(object.status.operationState) && object.status.operationState.phase == 'Running'";

describe('the status of an Application cannot be written for a while', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  /** While `during` runs, the status of this Application can only be written if it says that something runs. */
  async function withoutEnds(app: TestApplication, during: () => Promise<void>): Promise<void> {
    const policy = refusal(world.namespace, 'argoproj.io', 'applications/status', RUNS);
    const isRefused: Expectation = async () => {
      const patch = ['--subresource=status', '--type=merge', '--patch={"status":{"summary":{}}}'];
      const address = ['application', app.name, `--namespace=${world.namespace}`];
      const asked = ['patch', ...address, ...patch, '--dry-run=server'];
      const { stderr } = await world.kubectl.try(asked);
      return stderr.includes('not now') ? met('refused') : pending('a status can be written');
    };
    try {
      await world.when(world.applied(...policy));
      await world.thenEventually(isRefused);
      await during();
    } finally {
      for (const { kind, metadata } of policy)
        await world.kubectl(['delete', kind, metadata.name, '--ignore-not-found']);
    }
  }

  async function deployed(base: string): Promise<TestApplication> {
    await world.given(world.repository(base, { 'a.yaml': configMap('a', 'one') }));
    const app = world.application(base, { repoURL: world.git.urlOf(base), syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    return app;
  }

  test('a self-heal that was done meanwhile is told of afterwards', async () => {
    const app = await deployed('healed');
    const object = world.object('configmaps', 'a', app.name);
    await withoutEnds(app, async () => {
      await world.when(() =>
        world.kubectl([
          ...['patch', 'configmap', 'a', `--namespace=${app.name}`, '--type=merge'],
          '--patch={"data":{"value":"drifted"}}',
        ]),
      );
      await world.thenEventually(object.has('data.value', 'one'));
    });
    const isToldOf: Expectation = async (stop) => {
      const { operationState } = ((await app.read(stop))?.['status'] ?? {}) as Status;
      const attempts = operationState?.operation.sync?.autoHealAttemptsCount;
      const seen = `${operationState?.phase}, attempt ${attempts}`;
      return attempts === 1 && operationState?.phase === 'Succeeded' ? met(seen) : pending(seen);
    };
    await world.thenEventually(app.isSynced(), isToldOf);
  });

  test('a sync whose end could not be written before the operator was killed is in the history, once', async () => {
    const app = await deployed('killed');
    const object = world.object('configmaps', 'a', app.name);
    let commit = '';
    await withoutEnds(app, async () => {
      commit = await world.git.commit('killed', { files: { 'a.yaml': configMap('a', 'two') } });
      await world.when(app.refreshed());
      await world.thenEventually(object.has('data.value', 'two'));
      await world.stopOperator('SIGKILL');
    });
    world.startOperator();

    const isToldOf: Expectation = async (stop) => {
      const { operationState, history = [] } = ((await app.read(stop))?.['status'] ?? {}) as Status;
      const entries = history.filter(({ revision }) => revision === commit);
      const seen = `${operationState?.phase} of ${operationState?.syncResult?.revision}, ${entries.length} times in the history`;
      const told = operationState?.phase === 'Succeeded' && entries.length === 1;
      return told && operationState.syncResult?.revision === commit ? met(seen) : pending(seen);
    };
    await world.thenEventually(app.isSynced(commit), isToldOf);
    await world.thenConsistently(1_000, app.isSynced(commit), isToldOf);
  });
});
