import { after, before, describe, test } from 'node:test';
import { met, pending, type Expectation } from '../language/expectation.ts';
import { refusal } from '../language/refusal.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

interface Status {
  readonly operationState?: {
    readonly phase: string;
    readonly syncResult?: { readonly revision: string };
  };
  readonly history?: readonly { readonly revision: string }[];
}

describe('the status of an Application cannot be written for a while', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  test('a sync that was done meanwhile is told of afterwards, with its history', async () => {
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', 'one') }));
    const app = world.application('mute', { repoURL: world.git.urlOf('apps'), syncPolicy: true });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());

    const isRefused: Expectation = async () => {
      const patch = ['--subresource=status', '--type=merge', '--patch={"status":{"summary":{}}}'];
      const address = ['application', app.name, `--namespace=${world.namespace}`];
      const { stderr } = await world.kubectl.try([
        'patch',
        ...address,
        ...patch,
        '--dry-run=server',
      ]);
      return stderr.includes('not now') ? met('refused') : pending('a status can be written');
    };
    const policy = refusal(world.namespace, 'argoproj.io', 'applications/status');
    let commit = '';
    try {
      await world.when(world.applied(...policy));
      await world.thenEventually(isRefused);
      commit = await world.git.commit('apps', { files: { 'a.yaml': configMap('a', 'two') } });
      await world.when(app.refreshed());
      await world.thenEventually(object.has('data.value', 'two'));
    } finally {
      for (const { kind, metadata } of policy)
        await world.kubectl(['delete', kind, metadata.name, '--ignore-not-found']);
    }

    const isToldOf: Expectation = async (stop) => {
      const { operationState, history = [] } = ((await app.read(stop))?.['status'] ?? {}) as Status;
      const deployed = history.map(({ revision }) => revision).filter((one) => one === commit);
      const seen = `${operationState?.phase} of ${operationState?.syncResult?.revision}, ${deployed.length} times in the history`;
      const told = operationState?.phase === 'Succeeded' && deployed.length === 1;
      return told && operationState.syncResult?.revision === commit ? met(seen) : pending(seen);
    };
    await world.thenEventually(app.isSynced(commit), isToldOf);
    await world.thenConsistently(1_000, app.isSynced(commit), isToldOf);
  });
});
