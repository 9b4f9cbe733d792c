import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

describe('repositories that are registered in Secrets', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const registration = (name: string, type: string, stringData: Readonly<Record<string, string>>) =>
    world.applied({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name,
        namespace: world.namespace,
        labels: { 'argocd.argoproj.io/secret-type': type },
      },
      stringData,
    });
  const credentials = { username: 'bot', password: 'sesame' };

  test('an Application is Synced as soon as the password is right', async () => {
    const url = await world.git.createRepository(
      'private',
      { 'a.yaml': configMap('a', '1') },
      { credentials },
    );
    const app = world.application('private', { repoURL: url, path: '.', syncPolicy: true });
    await world.given(
      registration('private', 'repository', { url, ...credentials, password: 'x' }),
    );
    await world.when(app.created());
    await world.thenEventually(
      app.hasCondition('ComparisonError', /the server refused the credentials/),
    );
    await world.when(registration('private', 'repository', { url, ...credentials }));
    await world.thenEventually(app.isSynced(await world.git.revision('private')));
  });

  test('a repository of a project is permitted there, and only there', async () => {
    const url = await world.git.createRepository(
      'of-team',
      { 'a.yaml': configMap('a', '1') },
      { credentials },
    );
    const [team, others] = [world.name('team'), world.name('others')];
    const project = (name: string) => ({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name, namespace: world.namespace },
      spec: {
        sourceRepos: ['https://nothing.example/'],
        destinations: [{ server: '*', namespace: '*' }],
        clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
      },
    });
    await world.given(
      world.applied(project(team), project(others)),
      registration('of-team', 'repository', { url, ...credentials, project: team }),
    );
    const source = { repoURL: url, path: '.', syncPolicy: true as const };
    const mine = world.application('mine', { ...source, project: team });
    const theirs = world.application('theirs', { ...source, project: others });
    await world.when(mine.created(), theirs.created());
    await world.thenEventually(
      mine.isSynced(await world.git.revision('of-team')),
      theirs.hasCondition('InvalidSpecError', /is not permitted in project/),
    );
  });
});
