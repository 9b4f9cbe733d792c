import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { appProject, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

describe('a project that asks for signatures', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  test('gets nothing that is unsigned, and everything when it stops asking', async () => {
    const name = world.name('signed');
    const project = (signatureKeys: readonly object[]) =>
      appProject(world.namespace, name, {
        clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
        signatureKeys,
      });
    const app = world.application('signed', {
      repoURL: world.git.urlOf('unsigned'),
      path: '.',
      project: name,
      syncPolicy: true,
    });
    await world.given(
      world.repository('unsigned', { 'a.yaml': configMap('a', '1') }),
      world.applied(project([{ keyID: '4AEE18F83AFDEB23' }])),
    );
    await world.when(app.created());
    const object = world.object('configmaps', 'a', app.name);
    await world.thenEventually(
      app.hasCondition('ComparisonError', /GIT\/GPG: Failed verifying revision .*: unsigned/),
    );
    await world.thenConsistently(3_000, object.isAbsent());
    await world.when(world.applied(project([])));
    await world.thenEventually(app.isSynced(await world.git.revision('unsigned')), object.exists());
  });
});
