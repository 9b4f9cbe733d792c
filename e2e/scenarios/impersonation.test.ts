import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import {
  appProject,
  argocdSettings,
  configMap,
  hangingHook,
  hookJob,
  service,
} from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const WRITING = ['get', 'create', 'patch', 'update', 'delete'];
const ALL_OF_JOBS = [{ apiGroups: ['batch'], resources: ['jobs'], verbs: WRITING }];

describe('syncs that act as a service account', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
    await world.given(
      world.applied(
        argocdSettings(world.namespace, { 'application.sync.impersonation.enabled': 'true' }),
      ),
      world.repository('maps', { 'a.yaml': configMap('a', '1') }),
      world.repository('mixed', { 'a.yaml': configMap('a', '1'), 's.yaml': service('web') }),
    );
  });
  after(() => world[Symbol.asyncDispose]());

  const project = (base: string, spec: object, labels: Record<string, string> = {}) => {
    const name = world.name(base);
    const object = appProject(world.namespace, name, spec);
    const metadata = { ...object.metadata, labels };
    return { name, created: world.applied({ ...object, metadata }) };
  };
  /** A namespace with an account that may write ConfigMaps, and nothing else but what more rules say. */
  const home = (namespace: string, more: readonly object[] = []) => {
    const metadata = { name: 'deployer', namespace };
    return world.applied(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata,
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: WRITING }, ...more],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'deployer' },
        subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace }],
      },
    );
  };
  const deployers = (namespace: string) => ({
    destinationServiceAccounts: [
      { server: 'https://*', namespace, defaultServiceAccount: 'deployer' },
    ],
  });
  const automated = { automated: { prune: true, selfHeal: true } };

  /** A sync that waits for a hook, all of Jobs being permitted to its account so far. */
  async function waitingForHook(base: string, annotations: Readonly<Record<string, string>> = {}) {
    const acting = project(base, deployers(`${base}-*`));
    await world.given(
      world.repository(base, {
        'a.yaml': configMap('a', '1'),
        'job.yaml': hangingHook('migrate', 'PreSync', annotations),
      }),
    );
    const app = world.application(base, {
      repoURL: world.git.urlOf(base),
      project: acting.name,
      syncPolicy: {},
    });
    const job = world.object('jobs.batch', 'migrate', app.name);
    await world.when(home(app.name, ALL_OF_JOBS), acting.created, app.created(), app.synced());
    await world.thenEventually(app.operationSays(/completion of hook batch\/Job\/migrate/));
    return { app, job };
  }

  test('what the account may write is written, healed, and deleted with the application', async () => {
    const acting = project('may', deployers('may-*'));
    const app = world.application('may', {
      repoURL: world.git.urlOf('maps'),
      project: acting.name,
      syncPolicy: automated,
      cascade: true,
    });
    const a = world.object('configmaps', 'a', app.name);
    await world.when(home(app.name), acting.created, app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), a.has('data.value', '1'));
    await world.when(() =>
      world.kubectl([
        ...['patch', 'configmap', 'a', `--namespace=${app.name}`],
        '--patch={"data":{"value":"2"}}',
      ]),
    );
    await world.thenEventually(a.has('data.value', '1'), app.isSynced());
    await world.when(app.deleted());
    await world.thenEventually(app.isAbsent(), a.isAbsent());
  });

  test('a hook that it may not stop any more: whoever terminates is told, and a later sync goes on', async () => {
    const { app, job } = await waitingForHook('stop');

    await world.when(home(app.name, []), app.terminated());
    await world.thenEventually(
      app.operationFailed(
        new RegExp(
          `^Operation termination had errors: Job/${app.name}/migrate: delete failed .*User "system:serviceaccount:${app.name}:deployer" cannot delete resource "jobs"`,
        ),
      ),
    );
    await world.thenConsistently(500, job.has('metadata.deletionTimestamp', undefined));

    await world.when(
      home(app.name, ALL_OF_JOBS),
      world.pushed('stop', { files: { 'job.yaml': hookJob('migrate', 'PreSync') } }),
      app.synced(),
    );
    await world.thenEventually(
      app.operationEndedWell(),
      app.isSynced(),
      job.has('status.succeeded', 1),
      world.object('configmaps', 'a', app.name).exists(),
    );
  });

  test('a hook over its time that it may not stop: the sync ends and says that it goes on', async () => {
    const deadline = { 'tiphys.io/hook-deadline': '8s' };
    const { app, job } = await waitingForHook('overdue', deadline);
    await world.when(home(app.name, []));
    await world.thenEventually(
      app.operationFailed(
        /hook batch\/Job\/migrate did not end within its deadline of 8s; it goes on, for it could not be stopped: .* cannot patch resource "jobs"/,
      ),
      job.has('spec.activeDeadlineSeconds', undefined),
      job.has('status.active', 1),
      world.object('configmaps', 'a', app.name).isAbsent(),
    );
  });

  test('what it may not write is forbidden by the API server, in its name', async () => {
    const acting = project('not', deployers('*'));
    const app = world.application('not', {
      repoURL: world.git.urlOf('mixed'),
      project: acting.name,
      syncPolicy: {},
    });
    await world.when(home(app.name), acting.created, app.created(), app.synced());
    await world.thenEventually(app.operationFailed(), app.isOutOfSync());
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .matches('tells who was forbidden', (object) =>
          JSON.stringify(object['status']).includes(
            `User \\"system:serviceaccount:${app.name}:deployer\\" cannot patch resource \\"services\\"`,
          ),
        ),
      // The dry run of the whole set comes first: what is permitted is not written either.
      world.object('configmaps', 'a', app.name).isAbsent(),
      world.object('services', 'web', app.name).isAbsent(),
    );
  });

  test('no account for the destination: nothing is written', async () => {
    const acting = project('none', deployers('elsewhere'));
    const app = world.application('none', {
      repoURL: world.git.urlOf('maps'),
      project: acting.name,
      syncPolicy: {},
    });
    await world.when(home(app.name), acting.created, app.created(), app.synced());
    await world.thenEventually(
      app.operationFailed(
        /^no matching service account found for destination server \S+ and namespace none-/,
      ),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).isAbsent());
  });

  test('a global project gives its lists to those that its selector names', async () => {
    const global = project('global', {
      sourceRepos: [],
      destinations: [],
      ...deployers('member-*'),
      namespaceResourceBlacklist: [{ group: '', kind: 'Service' }],
    });
    const member = project('member', {}, { tier: 'shared' });
    const app = world.application('member', {
      repoURL: world.git.urlOf('mixed'),
      project: member.name,
      syncPolicy: {},
    });
    const globalProjects = JSON.stringify([
      { projectName: global.name, labelSelector: { matchLabels: { tier: 'shared' } } },
    ]);
    await world.when(home(app.name), global.created, member.created, app.created(), app.synced());
    await world.thenEventually(app.operationFailed(/no matching service account/));
    await world.when(
      world.applied(
        argocdSettings(world.namespace, {
          'application.sync.impersonation.enabled': 'true',
          globalProjects,
        }),
      ),
      app.synced(),
    );
    await world.thenEventually(
      app.operationFailed(
        /resource :Service is not permitted in project member-\w+ \(\/Service in spec\.namespaceResourceBlacklist/,
      ),
    );
    await world.when(world.pushed('mixed', { files: { 's.yaml': configMap('b', '1') } }));
    await world.when(app.synced());
    await world.thenEventually(app.isSynced());
  });
});
