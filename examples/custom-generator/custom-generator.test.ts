import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { connectionFromKubeconfig, createOperator, systemClock, type Generator } from 'tiphys';
import { createDefaultGenerators } from 'tiphys/adapters';
import { progressToStderr as log, runTool } from '../../e2e/controlplane/tool-cache.ts';
import { startWorld, type World } from '../../e2e/language/world.ts';

const PACKAGE = 'tiphys-generator-dotenv';
const root = join(import.meta.dirname, '../..');
const signal = AbortSignal.timeout(300_000);

let world: World;
let folder: string;
let dotenv: Generator;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiphys-example-'));
  dotenv = await installGenerator(folder);
  world = await startWorld({ signal, operator: false });
});
after(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('an Application is rendered by the generator of somebody else', async () => {
  const dataDir = join(folder, 'data');
  const clock = systemClock;
  await world.given(world.repository('env', { 'web/app.env': '# colours\nCOLOUR = blue\n' }));
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

  await world.when(
    world.pushed('env', { files: { 'web/app.env': 'COLOUR=blue\nred\n' } }),
    app.refreshed(),
  );
  await world.thenEventually(
    app.hasCondition('ComparisonError', /web\/app\.env:2: is not NAME=value/),
  );
});

/** Builds the package and puts it beside `tiphys`, as `npm install` would; returns what it exports. */
async function installGenerator(at: string): Promise<Generator> {
  const installed = join(at, 'node_modules');
  await mkdir(installed);
  await symlink(root, join(installed, 'tiphys'));
  await symlink(join(root, 'node_modules/@types'), join(installed, '@types'));
  await cp(join(import.meta.dirname, PACKAGE), join(at, PACKAGE), { recursive: true });
  const build = { program: join(root, 'node_modules/.bin/tsc'), args: [], log };
  await runTool({ ...build, cwd: join(at, PACKAGE) }, signal);
  await symlink(join(at, PACKAGE), join(installed, PACKAGE));
  const entry = createRequire(join(at, 'user.js')).resolve(PACKAGE);
  const exported = (await import(pathToFileURL(entry).href)) as { readonly dotenv: Generator };
  return exported.dotenv;
}
