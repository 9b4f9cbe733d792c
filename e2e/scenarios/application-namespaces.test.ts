import { after, before, describe, test } from 'node:test';
import { met, pending, type Expectation } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

describe('Applications in other namespaces, and objects that nobody manages', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal, operator: ['--application-namespaces=team-*'] });
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', '1') }));
  });
  after(() => world[Symbol.asyncDispose]());

  const project = (base: string, spec: object) => {
    const name = world.name(base);
    const clusterResourceWhitelist = [{ group: '*', kind: '*' }];
    const object = appProject(world.namespace, name, { clusterResourceWhitelist, ...spec });
    return { name, created: world.applied(object) };
  };
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

  /** An Application that is not in the namespace of the control plane. */
  const elsewhere = (
    base: string,
    inProject: string,
    home: string,
    { repo = 'apps', source = {} }: { readonly repo?: string; readonly source?: object } = {},
  ) => {
    const app = world.application(base, {
      repoURL: world.git.urlOf(repo),
      project: inProject,
      source,
      syncPolicy: true,
    });
    const object = { ...app.object, metadata: { name: app.name, namespace: home } };
    const seen = world.object('applications.argoproj.io', app.name, home);
    return {
      name: app.name,
      created: world.applied(namespace(home), object),
      seen,
      hasCondition: (type: string, message: RegExp): Expectation =>
        seen.matches(`has ${type} with ${message}`, ({ status }) => {
          const { conditions = [] } = (status ?? {}) as {
            conditions?: readonly { type: string; message: string }[];
          };
          return conditions.some((one) => one.type === type && message.test(one.message));
        }),
    };
  };

  test('one that its project admits is deployed, marked with its namespace', async () => {
    const admitting = project('admits', { sourceNamespaces: ['team-*'] });
    const home = world.name('team-a');
    const app = elsewhere('admitted', admitting.name, home);
    await world.when(admitting.created, app.created);
    await world.thenEventually(
      app.seen.has('status.sync.status', 'Synced'),
      app.seen.has('status.controllerNamespace', world.namespace),
      world
        .object('configmaps', 'a', app.name)
        .matches('carries the mark of the namespace', ({ metadata }) => {
          const mark = metadata.annotations?.['argocd.argoproj.io/tracking-id'];
          return mark === `${home}_${app.name}:/ConfigMap:${app.name}/a`;
        }),
    );
    // What happens to its objects finds the way back to it.
    await world.when(() =>
      world.kubectl(['delete', 'configmap', 'a', `--namespace=${app.name}`, '--wait=false']),
    );
    await world.thenEventually(
      world.object('configmaps', 'a', app.name).has('data.value', '1'),
      app.seen.has('status.sync.status', 'Synced'),
    );
  });

  test('its chart is released under its name alone, and knows it with its namespace', async () => {
    const charts = project('charts', { sourceNamespaces: ['team-*'] });
    const home = world.name('team-h');
    await world.given(
      world.repository('chart', {
        'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
        'templates/map.yaml': configMap('{{ .Release.Name }}', '{{ .Values.instance }}'),
      }),
    );
    const release = (base: string, releaseName: string) => {
      const parameters = [{ name: 'instance', value: '$ARGOCD_APP_NAME' }];
      const helm = { parameters, ...(releaseName !== '' && { releaseName }) };
      return elsewhere(base, charts.name, home, { repo: 'chart', source: { helm } });
    };
    const [short, other, long] = [
      release('released', ''),
      release('renamed', 'shop'),
      release(`r${'0'.repeat(53)}`, ''),
    ];
    await world.when(charts.created, short.created, other.created, long.created);
    await world.thenEventually(
      world.object('configmaps', short.name, short.name).has('data.value', `${home}_${short.name}`),
      world.object('configmaps', 'shop', other.name).has('data.value', `${home}_${other.name}`),
      short.seen.has('status.sync.status', 'Synced'),
      other.seen.has('status.sync.status', 'Synced'),
      long.hasCondition(
        'ComparisonError',
        /the Helm release name r0+-\w+ has 61 characters, more than 53\. Set a shorter one in source\.helm\.releaseName/,
      ),
    );
  });

  test('one that its project does not admit is refused, and told why', async () => {
    const strict = project('strict', { sourceNamespaces: ['team-other'] });
    const app = elsewhere('refused', strict.name, world.name('team-b'));
    await world.when(strict.created, app.created);
    await world.thenEventually(
      app.hasCondition(
        'UnknownError',
        /^application 'refused-\w+' in namespace 'team-b-\w+' is not permitted to use project 'strict-\w+'/,
      ),
    );
    await world.thenConsistently(500, world.object('configmaps', 'a', app.name).isAbsent());
  });

  test('one in a namespace that the operator does not serve is left alone', async () => {
    const open = project('open', { sourceNamespaces: ['*'] });
    const app = elsewhere('ignored', open.name, world.name('foreign'));
    const witness = elsewhere('witness', open.name, world.name('team-c'));
    await world.when(open.created, app.created, witness.created);
    await world.thenEventually(witness.seen.has('status.sync.status', 'Synced'));
    await world.thenConsistently(500, app.seen.has('status', undefined));
  });

  test('objects that nobody manages are counted as they come and go, but not those left out', async () => {
    const watching = project('orphans', {
      orphanedResources: { warn: true, ignore: [{ group: '', kind: 'ConfigMap', name: 'ok-*' }] },
    });
    const app = world.application('orphans', {
      repoURL: world.git.urlOf('apps'),
      project: watching.name,
      syncPolicy: true,
    });
    const map = (name: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: app.name },
    });
    await world.when(watching.created, app.created());
    await world.thenEventually(app.isSynced(), app.hasNoConditions());
    await world.when(world.applied(map('ok-1'), map('lost-1'), map('lost-2')));
    await world.thenEventually(
      app.hasCondition('OrphanedResourceWarning', /^Application has 2 orphaned resources$/),
      app.isSynced(),
    );
    await world.when(() =>
      world.kubectl(['delete', 'configmap', 'lost-1', 'lost-2', `--namespace=${app.name}`]),
    );
    await world.thenEventually(app.hasNoConditions());
  });

  test('only clusters of the project, if it says so', async () => {
    const scoped = project('scoped', { permitOnlyProjectScopedClusters: true });
    const app = world.application('scoped', {
      repoURL: world.git.urlOf('apps'),
      project: scoped.name,
      syncPolicy: true,
    });
    await world.when(scoped.created, app.created());
    await world.thenEventually(
      app.hasCondition(
        'InvalidSpecError',
        /permitOnlyProjectScopedClusters .* belongs to no project/,
      ),
    );
    const refused: Expectation = async (stop) =>
      (await world.object('configmaps', 'a', app.name).read(stop)) === undefined
        ? met('nothing is deployed')
        : pending('it was deployed');
    await world.thenConsistently(500, refused);
  });
});
