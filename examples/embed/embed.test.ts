import { after, before, test } from 'node:test';
import { connectionFromKubeconfig, systemClock } from 'tiphys';
import { startWorld, type World } from '../../e2e/language/world.ts';
import { startTeamOperator } from './team-operator.ts';

const signal = AbortSignal.timeout(300_000);

let world: World;
before(async () => {
  world = await startWorld({ signal, operator: false });
});
after(() => world[Symbol.asyncDispose]());

test('a team is a ConfigMap; its Application is deployed by the same process, and goes with it', async () => {
  const settings = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n';
  const repoURL = await world.git.createRepository('teams', {
    'apps/blue/settings.yaml': settings,
  });
  const connection = await connectionFromKubeconfig({
    path: world.kubeconfigPath,
    clock: systemClock,
  });
  const { namespace } = world;
  await using _operator = await startTeamOperator({ connection, namespace, repoURL }, signal);
  await world.kubectl.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'blue', namespace, labels: { 'example.com/team': 'blue' } },
    data: { path: 'apps/blue' },
  });
  const app = world.object('applications.argoproj.io', 'team-blue', namespace);
  await world.thenEventually(
    app.has('status.sync.status', 'Synced'),
    app.has('status.health.status', 'Healthy'),
    world.object('configmaps', 'settings', namespace).exists(),
  );

  await world.kubectl(['delete', 'configmap', 'blue', `--namespace=${namespace}`, '--wait=false']);
  await world.thenEventually(world.object('configmaps', 'blue', namespace).isAbsent());
  // The team was held until all that was made for it was gone.
  await world.thenConsistently(
    0,
    world.object('configmaps', 'settings', namespace).isAbsent(),
    app.isAbsent(),
  );
});
