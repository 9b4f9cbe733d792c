import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { filesOf } from '../../e2e/controlplane/git-repository.ts';
import { startWorld, type World } from '../../e2e/language/world.ts';

const CHILDREN = ['first', 'second', 'third'];
const APPLICATIONS = ['root', ...CHILDREN];
const signal = AbortSignal.timeout(300_000);

let world: World;
before(async () => {
  world = await startWorld({ signal });
});
after(() => world[Symbol.asyncDispose]());

test('the files of this folder, with the repository and names of the test, converge', async () => {
  const files = await filesOf(import.meta.dirname);
  const url = world.git.urlOf('deployments');
  const name = world.name('team');
  const localised = Object.entries(files).map(([path, content]) => [
    path,
    String(content)
      .replaceAll('https://git.example.com/team/deployments.git', url)
      .replaceAll('https://git.example.com/team/*', url)
      .replaceAll('namespace: argocd', `namespace: ${world.namespace}`)
      .replaceAll('namespace: team-', `namespace: ${name}-`),
  ]);
  const repository = Object.fromEntries(localised) as Record<string, string>;
  await world.git.createRepository('deployments', repository);
  await world.kubectl(['apply', '-f', '-'], { stdin: repository['root.yaml'] ?? '' });
  const application = (app: string) =>
    world.object('applications.argoproj.io', app, world.namespace);
  for (const app of APPLICATIONS)
    await world.thenEventually(
      application(app).has('status.sync.status', 'Synced'),
      application(app).has('status.health.status', 'Healthy'),
    );
  await world.thenEventually(
    ...CHILDREN.map((child) =>
      world.object('configmaps', 'settings', `${name}-${child}`).has('data.application', child),
    ),
  );
  const made = await Promise.all(
    CHILDREN.map(
      async (child) => (await application(child).read(signal))?.metadata.creationTimestamp,
    ),
  );
  assert.deepEqual(made, made.toSorted(), 'the children were made in the order of their waves');
  await world.kubectl([
    'delete',
    'application',
    'root',
    `--namespace=${world.namespace}`,
    '--wait=false',
  ]);
  await world.thenEventually(
    ...APPLICATIONS.map((app) => application(app).isAbsent()),
    ...CHILDREN.map((child) =>
      world.object('configmaps', 'settings', `${name}-${child}`).isAbsent(),
    ),
  );
  await world.kubectl.try([
    'delete',
    'namespace',
    ...CHILDREN.map((child) => `${name}-${child}`),
    '--wait=false',
  ]);
});
