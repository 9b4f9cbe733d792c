import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startWorld, type World } from '../../e2e/language/world.ts';

const signal = AbortSignal.timeout(300_000);

let world: World;
before(async () => {
  world = await startWorld({ signal, operator: false });
});
after(() => world[Symbol.asyncDispose]());

test('an operator of another framework makes Applications, and Tiphys inside it deploys them', async () => {
  const settings = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n';
  const repoURL = await world.git.createRepository('teams', {
    'apps/green/settings.yaml': settings,
  });
  const { namespace, kubeconfigPath } = world;
  const program = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [program, kubeconfigPath, namespace, repoURL], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await world.kubectl.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'green', namespace, labels: { 'example.com/team': 'green' } },
      data: { path: 'apps/green' },
    });
    const app = world.object('applications.argoproj.io', 'team-green', namespace);
    await world.thenEventually(
      app.has('status.sync.status', 'Synced'),
      app.has('status.health.status', 'Healthy'),
      world.object('configmaps', 'settings', namespace).exists(),
    );
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  }
});
