import { after, before, describe, test } from 'node:test';
import { met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

const clusterRole = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: NAME
rules: []
`;

describe('a project permits and forbids', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', '1') }));
  });
  after(() => world[Symbol.asyncDispose]());

  const project = (base: string, spec: object) => {
    const name = world.name(base);
    return { name, created: world.applied(appProject(world.namespace, name, spec)) };
  };
  const anywhere = [{ server: '*', namespace: '*' }];

  test('the default project is there without anybody making it', () =>
    world.thenEventually(
      world.object('appprojects.argoproj.io', 'default', world.namespace).exists(),
    ));

  test('a repository that is not listed is refused before anything is rendered', async () => {
    const strict = project('repos', {
      sourceRepos: ['https://git.example.com/*'],
      destinations: anywhere,
    });
    const app = world.application('repos', {
      repoURL: world.git.urlOf('apps'),
      project: strict.name,
      syncPolicy: true,
    });
    await world.when(strict.created, app.created());
    await world.thenEventually(
      app.hasCondition('InvalidSpecError', /application repo .* is not permitted in project/),
      app.hasCondition(
        'InvalidSpecError',
        /spec\.sourceRepos of AppProject repos-\w+ has no match/,
      ),
      app.hasHealth('Unknown'),
    );
  });

  test('a destination that is not listed is refused, and permitted once it is', async () => {
    const strict = project('places', {
      sourceRepos: ['*'],
      destinations: [{ server: '*', namespace: 'elsewhere' }],
    });
    const app = world.application('places', {
      repoURL: world.git.urlOf('apps'),
      project: strict.name,
      syncPolicy: { automated: {} },
    });
    const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: app.name } };
    await world.when(strict.created, world.applied(home), app.created());
    await world.thenEventually(
      app.hasCondition('InvalidSpecError', /do not match any of the allowed destinations/),
    );
    const permitting = { spec: { destinations: anywhere } };
    await world.when(() =>
      world.kubectl([
        'patch',
        'appproject',
        strict.name,
        `--namespace=${world.namespace}`,
        '--type=merge',
        `--patch=${JSON.stringify(permitting)}`,
      ]),
    );
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.hasNoConditions());
  });

  test('what a project takes away while Git is slow is not done any more', async () => {
    await world.given(world.repository('slow', { 'a.yaml': configMap('a', '1') }));
    world.git.behave('hang', 'slow');
    const permits = {
      sourceRepos: ['*'],
      clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
    };
    const lax = project('slow', { ...permits, destinations: anywhere });
    const strict = project('slow', {
      ...permits,
      destinations: [{ server: '*', namespace: 'elsewhere' }],
    });
    const app = world.application('slow', {
      repoURL: world.git.urlOf('slow'),
      project: lax.name,
      syncPolicy: true,
    });
    await world.when(lax.created, app.created());
    await world.thenEventually(async () =>
      world.git.requests('slow', 'advertisement') + world.git.requests('slow', 'ls-refs') > 0
        ? met('Git was asked')
        : pending('Git was not asked'),
    );
    await world.when(strict.created);
    const home = world.object('namespaces', app.name);
    await world.thenConsistently(500, home.isAbsent()); // by then the operator has been told
    world.git.behave('serve', 'slow');
    await world.thenEventually(
      app.hasCondition('InvalidSpecError', /do not match any of the allowed destinations/),
    );
    await world.thenConsistently(0, home.isAbsent());
  });

  test('a kind that is not permitted is refused by name of the rule, and nothing is applied', async () => {
    const role = world.name('role');
    await world.given(
      world.repository('kinds', {
        'a.yaml': configMap('a', '1'),
        'role.yaml': clusterRole.replace('NAME', role),
      }),
    );
    const strict = project('kinds', { sourceRepos: ['*'], destinations: anywhere });
    const app = world.application('kinds', {
      repoURL: world.git.urlOf('kinds'),
      project: strict.name,
      syncPolicy: { automated: {} },
    });
    const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: app.name } };
    await world.when(strict.created, world.applied(home), app.created());
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .matches('names the kind and the rule', (object) => {
          const status = object['status'] as { operationState?: { message?: string } } | undefined;
          const message = status?.operationState?.message ?? '';
          return (
            message.includes('resource rbac.authorization.k8s.io:ClusterRole is not permitted') &&
            message.includes('spec.clusterResourceWhitelist of AppProject')
          );
        }),
    );
    await world.thenConsistently(
      500,
      world.object('clusterroles.rbac.authorization.k8s.io', role).isAbsent(),
      world.object('configmaps', 'a', app.name).isAbsent(),
    );
  });

  test('a project that was corrected while Git is away: the refusal goes, what is wrong now is said', async () => {
    const strict = project('corrected', { sourceRepos: ['none'], destinations: anywhere });
    await world.given(world.repository('away', { 'a.yaml': configMap('a', '1') }));
    const app = world.application('corrected', {
      repoURL: world.git.urlOf('away'),
      project: strict.name,
      syncPolicy: { automated: {} },
    });
    const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: app.name } };
    await world.when(strict.created, world.applied(home), app.created());
    await world.thenEventually(app.hasCondition('InvalidSpecError', /is not permitted in project/));
    world.git.behave('refuse', 'away');
    await world.when(() =>
      world.kubectl([
        'patch',
        'appproject',
        strict.name,
        `--namespace=${world.namespace}`,
        '--type=merge',
        `--patch=${JSON.stringify({ spec: { sourceRepos: ['*'] } })}`,
      ]),
    );
    await world.thenWithin(
      20_000,
      app.hasCondition('ComparisonError', /away\.git/),
      async (stop) => {
        const { conditions = [] } = ((await app.read(stop))?.['status'] ?? {}) as {
          conditions?: readonly { type: string }[];
        };
        const refused = conditions.some(({ type }) => type === 'InvalidSpecError');
        return refused ? pending('the old refusal is still there') : met();
      },
    );
    world.git.behave('serve', 'away');
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(), app.hasNoConditions());
  });
});
