import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  connectionFromKubeconfig,
  createDefaultGenerators,
  createOperator,
  systemClock,
} from 'tiphys';
import { startWorld, type World } from '../../e2e/language/world.ts';
import { dotenv } from './dotenv.ts';

const signal = AbortSignal.timeout(300_000);

let world: World;
before(async () => {
  world = await startWorld({ signal, operator: false });
});
after(() => world[Symbol.asyncDispose]());

test('an Application is rendered by the generator of somebody else', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tiphys-example-'));
  const clock = systemClock;
  await world.given(world.repository('env', { 'web/app.env': '# colours\nCOLOUR=blue\n' }));
  await using operator = createOperator({
    connection: await connectionFromKubeconfig({ path: world.kubeconfigPath, clock }),
    namespace: world.namespace,
    dataDir,
    generators: createDefaultGenerators({ dataDir, clock, extra: [dotenv] }),
  });
  await operator.start(signal);
  const app = world.application('dotenv', {
    repoURL: world.git.urlOf('env'),
    path: 'web',
    syncPolicy: true,
  });
  await world.when(app.created());
  await world.thenEventually(
    app.isSynced(),
    app.isHealthy(),
    world.object('configmaps', app.name, app.name).has('data.COLOUR', 'blue'),
    world
      .object('applications.argoproj.io', app.name, world.namespace)
      .has('status.sourceType', 'Dotenv'),
  );
  await rm(dataDir, { recursive: true, force: true });
});
