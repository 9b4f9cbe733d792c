import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { configMap, hangingHook } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

describe('syncs that take too long', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal, operator: false });
  });
  after(() => world[Symbol.asyncDispose]());

  for (const { flag, phase, told } of [
    {
      flag: '--sync-timeout=4s',
      phase: 'PreSync',
      told: /^Operation terminated, triggered by controller sync timeout$/,
    },
    {
      flag: '--sync-phase-timeout=4s',
      phase: 'PostSync',
      told: /^Operation terminated, triggered by controller sync timeout of phase PostSync \(4s\)$/,
    },
  ])
    test(`${flag}: a sync that waits in ${phase} is terminated and its hook taken away`, async () => {
      const base = phase.toLowerCase();
      world.startOperator([flag, '--sync-wave-delay=0s']);
      await world.given(
        world.repository(base, {
          'a.yaml': configMap('a', '1'),
          'hook.yaml': hangingHook('hangs', phase),
        }),
      );
      const syncPolicy = { syncOptions: ['CreateNamespace=true'] };
      const app = world.application(base, { repoURL: world.git.urlOf(base), syncPolicy });
      await world.when(app.created());
      await world.thenEventually(app.isOutOfSync());
      await world.when(app.synced(syncPolicy));
      const hook = world.object('jobs.batch', 'hangs', app.name);
      await world.thenEventually(hook.exists());
      await world.thenEventually(app.operationFailed(told), hook.isAbsent());
      await world.stopOperator('SIGTERM');
    });
});
