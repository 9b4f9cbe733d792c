import { after, before, describe, test } from 'node:test';
import { type Expectation, met, violated } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap, deployment } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

/** `metadata:` with the sync options of the object. */
const withOptions = (text: string, options: string): string =>
  text.replace(
    'metadata:\n',
    `metadata:\n  annotations: { argocd.argoproj.io/sync-options: "${options}" }\n`,
  );

describe('sync options', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const orphanedReplicaSet =
    (namespace: string): Expectation =>
    async (stop) => {
      const sets = await world.reader.list('replicasets.apps', namespace, stop);
      return sets.length > 0 ? met('the ReplicaSet is still there') : violated('it is gone');
    };

  test('FailOnSharedResource: what another application has is not taken', async () => {
    const namespace = world.name('shared');
    await world.given(world.repository('shared', { 'a.yaml': configMap('a', '1') }));
    const repoURL = world.git.urlOf('shared');
    const first = world.application('shared-one', { repoURL, namespace, syncPolicy: true });
    await world.when(first.created());
    await world.thenEventually(first.isSynced());
    const second = world.application('shared-two', { repoURL, namespace, syncPolicy: {} });
    await world.when(second.created());
    await world.thenEventually(second.hasCondition('SharedResourceWarning'));
    await world.when(second.synced({ syncOptions: ['FailOnSharedResource=true'] }));
    await world.thenEventually(
      second.operationFailed(/^Shared resource found: ConfigMap\/a is part of applications/),
    );
    await world.thenConsistently(500, first.isSynced());
  });

  test('Validate=false: fields that no schema knows are let pass, else they are refused', async () => {
    const misspelt = deployment('web').replace('replicas: 1', 'replicas: 1\n  replica: 2');
    await world.given(
      world.repository('validate', {
        'web.yaml': withOptions(misspelt, 'Validate=false'),
        'size.yaml': withOptions(
          'apiVersion: validate.example.com/v1\nkind: Size\nmetadata:\n  name: small\nspec: { size: 1, sice: 2 }\n',
          'Validate=false',
        ),
      }),
    );
    const app = world.application('validate', {
      repoURL: world.git.urlOf('validate'),
      syncPolicy: {},
    });
    const web = world.object('deployments.apps', 'web', app.name);
    const says = (words: RegExp) =>
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .matches(`says ${words}`, (object) => words.test(JSON.stringify(object['status'])));
    await world.given(world.applied(SIZES));
    const options = { syncOptions: ['CreateNamespace=true'] };
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(options));
    await world.thenEventually(app.operationSucceeded(), web.has('spec.replicas', 1));
    await world.thenEventually(app.isSynced()); // what the API server drops is no difference
    await world.when(app.refreshed('hard'));
    await world.thenConsistently(1_500, app.isSynced());
    await world.when(
      world.pushed('validate', { files: { 'web.yaml': misspelt } }),
      app.synced(options),
    );
    await world.thenEventually(says(/spec\.replica: field not declared in schema/));
  });

  test('CreateNamespace: managed metadata is kept in step, and that of others stays', async () => {
    await world.given(world.repository('metadata', { 'a.yaml': configMap('a', '1') }));
    const metadata = (team: string) => ({
      managedNamespaceMetadata: { labels: { team }, annotations: { owner: team } },
    });
    const policy = { automated: { selfHeal: true }, syncOptions: ['CreateNamespace=true'] };
    const app = world.application('metadata', {
      repoURL: world.git.urlOf('metadata'),
      syncPolicy: { ...policy, ...metadata('one') },
    });
    const namespace = world.object('namespaces', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), namespace.has('metadata.labels.team', 'one'));
    await world.when(() => world.kubectl(['label', 'namespace', app.name, 'foreign=label']));
    await world.when(app.patched({ spec: { syncPolicy: { ...policy, ...metadata('two') } } }));
    // Nobody asks for a sync: the change itself is one.
    await world.thenEventually(
      app.isSynced(),
      app.operationSucceeded(),
      namespace.has('metadata.labels.team', 'two'),
      namespace.has('metadata.annotations.owner', 'two'),
      namespace.has('metadata.labels.foreign', 'label'),
    );
  });

  test('managedNamespaceMetadata that a sync has not set yet is OutOfSync, and says so', async () => {
    await world.given(world.repository('unset', { 'a.yaml': configMap('a', '1') }));
    const policy = (team: string) => ({
      syncOptions: ['CreateNamespace=true'],
      managedNamespaceMetadata: { labels: { team } },
    });
    const app = world.application('unset', {
      repoURL: world.git.urlOf('unset'),
      syncPolicy: policy('one'),
    });
    const team = (name: string) =>
      world.object('namespaces', app.name).has('metadata.labels.team', name);
    const sync = app.synced({ syncOptions: ['CreateNamespace=true'] });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(sync);
    await world.thenEventually(app.isSynced(), app.operationSucceeded(), team('one'));
    await world.when(app.patched({ spec: { syncPolicy: policy('two') } }));
    await world.thenEventually(
      app.isOutOfSync(),
      app.hasCondition('NamespaceMetadataInfo', /managedNamespaceMetadata; a sync sets them$/),
    );
    await world.thenConsistently(1_000, app.isOutOfSync(), team('one'));
    await world.when(sync);
    await world.thenEventually(app.isSynced(), app.hasNoConditions(), team('two'));
  });

  test('managedNamespaceMetadata that cannot be set is not tried for ever, and what is corrected is', async () => {
    await world.given(world.repository('wrong', { 'a.yaml': configMap('a', '1') }));
    const policy = (team: string) => ({
      automated: { selfHeal: true },
      syncOptions: ['CreateNamespace=true'],
      managedNamespaceMetadata: { labels: { team } },
      retry: { limit: 0 },
    });
    const app = world.application('wrong', {
      repoURL: world.git.urlOf('wrong'),
      syncPolicy: policy('one'),
    });
    const a = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    await world.when(app.patched({ spec: { syncPolicy: policy('no label!') } }));
    await world.thenEventually(
      app.hasCondition('SyncError', /^Failed last sync attempt to \[[0-9a-f]+\]: .*"no label!"/),
    );
    await world.thenEventually(app.operationFailed(/"no label!"/));
    // As after any sync that failed: nothing by itself until something is changed.
    await world.when(world.edited('configmap', 'a', app.name, { data: { value: 'by hand' } }));
    await world.thenConsistently(
      1_500,
      a.has('data.value', 'by hand'),
      app.hasCondition('SyncError'),
    );
    await world.when(app.patched({ spec: { syncPolicy: policy('two') } }));
    await world.thenEventually(
      world.object('namespaces', app.name).has('metadata.labels.team', 'two'),
      a.has('data.value', '1'),
      app.isSynced(),
      app.hasNoConditions(),
    );
  });

  test('more than may be pruned at once waits for approval, and says how many of how many', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await world.given(
      world.repository(
        'brake',
        Object.fromEntries(names.map((name) => [`${name}.yaml`, configMap(name, '1')])),
      ),
    );
    const app = world.application('brake', {
      repoURL: world.git.urlOf('brake'),
      syncPolicy: true,
      annotations: { 'tiphys.io/max-prune': '25%' },
    });
    const of = (name: string) => world.object('configmaps', name, app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    await world.when(world.pushed('brake', { remove: ['a.yaml'] }), app.refreshed());
    await world.thenEventually(of('a').isAbsent(), app.isSynced());
    await world.when(world.pushed('brake', { remove: ['b.yaml', 'c.yaml'] }), app.refreshed());
    await world.thenEventually(
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .matches('says how many', (object) =>
          /pruning 2 of 3 objects at once, more than 25 %; approve with/.test(
            JSON.stringify(object['status']),
          ),
        ),
    );
    await world.thenConsistently(500, of('b').exists(), of('c').exists());
    await world.when(
      app.patched({
        metadata: {
          annotations: {
            'argocd.argoproj.io/deletion-approved': new Date(Date.now() + 1_000).toISOString(),
          },
        },
      }),
    );
    await world.thenEventually(of('b').isAbsent(), of('c').isAbsent(), app.isSynced());
    await world.thenConsistently(500, of('d').exists());
  });

  test('SkipDryRunOnMissingResource: other objects are synced, and the one without a kind is named', async () => {
    const unknown = `apiVersion: nowhere.example.com/v1
kind: Nothing
metadata: { name: nothing, annotations: { argocd.argoproj.io/sync-wave: "3" } }
`;
    await world.given(
      world.repository('missing', { 'a.yaml': configMap('a', '1'), 'n.yaml': unknown }),
    );
    const app = world.application('missing', {
      repoURL: world.git.urlOf('missing'),
      syncPolicy: {},
    });
    const a = world.object('configmaps', 'a', app.name);
    const options = ['CreateNamespace=true'];
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced({ syncOptions: options }));
    await world.thenEventually(
      app.operationFailed(/tasks are not valid.*Make sure the "Nothing" CRD is installed/),
      a.isAbsent(),
    );
    await world.when(app.synced({ syncOptions: [...options, 'SkipDryRunOnMissingResource=true'] }));
    await world.thenEventually(a.has('data.value', '1'));
    await world.thenEventually(
      app.operationFailed(/failed to apply.*Make sure the "Nothing" CRD is installed/),
    );
  });

  test('Replace=true: what others added goes, and the object stays the same one', async () => {
    const text = withOptions(configMap('a', '1'), 'Replace=true');
    await world.given(world.repository('replace', { 'a.yaml': text }));
    const app = world.application('replace', {
      repoURL: world.git.urlOf('replace'),
      syncPolicy: true,
    });
    const a = world.object('configmaps', 'a', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    const uid = (await a.read(signal))?.metadata.uid;
    await world.when(
      world.edited('configmap', 'a', app.name, { data: { foreign: 'x' } }),
      world.pushed('replace', {
        files: { 'a.yaml': withOptions(configMap('a', '2'), 'Replace=true') },
      }),
      app.refreshed(),
    );
    await world.thenEventually(
      app.isSynced(),
      a.has('data.value', '2'),
      a.has('data.foreign', undefined),
      a.matches('is the same object', ({ metadata }) => metadata.uid === uid),
    );
  });

  test('Replace=true and Force=true never delete a namespace', async () => {
    const name = world.name('forced-space');
    const space = (value: string) => `apiVersion: v1
kind: Namespace
metadata:
  name: ${name}
  labels: { value: "${value}" }
  annotations: { argocd.argoproj.io/sync-options: "Replace=true,Force=true" }
`;
    await world.given(world.repository('forced-space', { 'space.yaml': space('1') }));
    const app = world.application('forced-space', {
      repoURL: world.git.urlOf('forced-space'),
      syncPolicy: true,
    });
    const namespace = world.object('namespaces', name);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), namespace.has('metadata.labels.value', '1'));
    const uid = (await namespace.read(signal))?.metadata.uid;
    await world.when(
      world.pushed('forced-space', { files: { 'space.yaml': space('2') } }),
      app.refreshed(),
    );
    await world.thenEventually(
      namespace.has('metadata.labels.value', '2'),
      namespace.matches('is the same one', ({ metadata }) => metadata.uid === uid),
      app.isSynced(),
    );
    await world.when(() => world.kubectl(['delete', 'namespace', name, '--wait=false']));
  });

  test('ApplyOutOfSyncOnly: what is as desired is not even mentioned', async () => {
    await world.given(
      world.repository('only', { 'a.yaml': configMap('a', '1'), 'b.yaml': configMap('b', '1') }),
    );
    const options = { syncOptions: ['CreateNamespace=true', 'ApplyOutOfSyncOnly=true'] };
    const app = world.application('only', {
      repoURL: world.git.urlOf('only'),
      syncPolicy: options,
    });
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(options));
    await world.thenEventually(app.isSynced());
    await world.when(
      world.pushed('only', { files: { 'b.yaml': configMap('b', '2') } }),
      app.synced(options),
    );
    await world.thenEventually(
      world.object('configmaps', 'b', app.name).has('data.value', '2'),
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .matches('tells of b alone', (object) => {
          const status = object['status'] as {
            operationState?: { phase?: string; syncResult?: { resources?: { name: string }[] } };
          };
          const { phase, syncResult } = status.operationState ?? {};
          const names = syncResult?.resources?.map(({ name }) => name).join();
          return phase === 'Succeeded' && names === 'b';
        }),
    );
  });

  test('Prune=false stays, Prune=confirm waits, PruneLast and the policy are followed', async () => {
    await world.given(
      world.repository('prunes', {
        'kept.yaml': withOptions(configMap('kept', '1'), 'Prune=false'),
        'asked.yaml': withOptions(configMap('asked', '1'), 'Prune=confirm'),
        'web.yaml': deployment('web'),
        'a.yaml': configMap('a', '1'),
      }),
    );
    const options = {
      syncOptions: ['CreateNamespace=true', 'PruneLast=true', 'PrunePropagationPolicy=orphan'],
    };
    const app = world.application('prunes', {
      repoURL: world.git.urlOf('prunes'),
      syncPolicy: options,
    });
    const asked = world.object('configmaps', 'asked', app.name);
    const web = world.object('deployments.apps', 'web', app.name);
    await world.when(app.created());
    await world.thenEventually(app.isOutOfSync());
    await world.when(app.synced(options));
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.when(
      world.pushed('prunes', {
        files: { 'a.yaml': configMap('a', '2') },
        remove: ['kept.yaml', 'asked.yaml', 'web.yaml'],
      }),
      app.synced({ ...options, prune: true }),
    );
    await world.thenEventually(
      world.object('configmaps', 'a', app.name).has('data.value', '2'),
      world
        .object('applications.argoproj.io', app.name, world.namespace)
        .matches('waits for approval', (object) =>
          JSON.stringify(object['status']).includes('waiting for pruning confirmation of'),
        ),
    );
    await world.thenConsistently(500, asked.exists(), web.exists());
    await world.when(
      app.patched({
        metadata: {
          annotations: {
            'argocd.argoproj.io/deletion-approved': new Date(Date.now() + 1_000).toISOString(),
          },
        },
      }),
    );
    await world.thenEventually(asked.isAbsent(), web.isAbsent(), app.operationSucceeded());
    await world.thenConsistently(
      500,
      world.object('configmaps', 'kept', app.name).exists(),
      orphanedReplicaSet(app.name),
    );
  });
});

/** A kind of which the API server knows every field. */
const SIZES = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'sizes.validate.example.com' },
  spec: {
    group: 'validate.example.com',
    names: { kind: 'Size', plural: 'sizes' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
};
