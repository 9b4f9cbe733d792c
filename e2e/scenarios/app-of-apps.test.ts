import { after, before, describe, test } from 'node:test';
import { met, pending, type Expectation } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, configMap, deployment } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const CHILDREN = 20;
const WAVES = 3;

describe('an app-of-apps', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const child = (index: number) => ({
    name: world.name(`child-${index}`),
    wave: index % WAVES,
  });

  const manifest = (index: number) => {
    const { name, wave } = child(index);
    return JSON.stringify({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: {
        name,
        namespace: world.namespace,
        annotations: { 'argocd.argoproj.io/sync-wave': String(wave) },
        finalizers: ['resources-finalizer.argocd.argoproj.io'],
      },
      spec: {
        project: world.name('team'),
        source: {
          repoURL: world.git.urlOf('children'),
          path: `app-${index}`,
          targetRevision: 'HEAD',
        },
        destination: {
          server: 'https://kubernetes.default.svc',
          namespace: world.name('children'),
        },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
      },
    });
  };

  const indices = Array.from({ length: CHILDREN }, (_, index) => index);

  /** No child of a wave exists before all of the wave before were Healthy. */
  const inOrder: Expectation = async (stop) => {
    const seen = await Promise.all(
      indices.map(async (index) => {
        const { name, wave } = child(index);
        const object = await world.reader.get(
          'applications.argoproj.io',
          name,
          world.namespace,
          stop,
        );
        const made = object?.metadata.creationTimestamp;
        const status = object?.['status'] as { history?: { deployedAt: string }[] } | undefined;
        return { name, wave, made, deployed: status?.history?.[0]?.deployedAt };
      }),
    );
    for (const early of seen)
      for (const late of seen) {
        if (late.wave !== early.wave + 1 || late.made === undefined) continue;
        if (early.deployed === undefined || early.deployed > late.made)
          return pending(
            `${late.name} was made at ${late.made}, ${early.name} deployed ${early.deployed}`,
          );
      }
    return met('in order');
  };

  test(`deploys a project and ${CHILDREN} children in ${WAVES} waves, and takes them down again`, async () => {
    const team = appProject(world.namespace, world.name('team'));
    const annotations = { 'argocd.argoproj.io/sync-wave': '-1' };
    const project = { ...team, metadata: { ...team.metadata, annotations } };
    await world.given(
      world.applied({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: world.name('children') },
      }),
      world.repository(
        'children',
        Object.fromEntries(indices.map((i) => [`app-${i}/web.yaml`, deployment(`web-${i}`)])),
      ),
      world.repository('root', {
        'project.json': JSON.stringify(project),
        ...Object.fromEntries(indices.map((i) => [`child-${i}.json`, manifest(i)])),
      }),
    );
    const root = world.application('root', {
      repoURL: world.git.urlOf('root'),
      namespace: world.namespace,
      syncPolicy: { automated: { prune: true, selfHeal: true } },
      cascade: true,
    });
    await world.when(root.created());
    await world.thenWithin(120_000, root.isSynced(), root.isHealthy());
    const children = indices.map((i) =>
      world.object('applications.argoproj.io', child(i).name, world.namespace),
    );
    await world.thenEventually(
      ...children.map((one) => one.has('status.sync.status', 'Synced')),
      ...children.map((one) => one.has('status.health.status', 'Healthy')),
      inOrder,
    );

    await world.when(root.deleted());
    await world.thenWithin(
      120_000,
      root.isAbsent(),
      ...children.map((one) => one.isAbsent()),
      ...indices.map((i) =>
        world.object('deployments.apps', `web-${i}`, world.name('children')).isAbsent(),
      ),
    );
  });

  test('nothing follows a child whose sync failed, until it is corrected', async () => {
    const bad = 'apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {type: Nonsense}\n';
    const limits = { automated: {}, retry: { limit: 1, backoff: { duration: '1s' } } };
    const childOf = (name: string, wave: number, path: string) =>
      JSON.stringify({
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: {
          name: world.name(name),
          namespace: world.namespace,
          annotations: { 'argocd.argoproj.io/sync-wave': String(wave) },
        },
        spec: {
          project: 'default',
          source: { repoURL: world.git.urlOf('fragile'), path },
          destination: { server: 'https://kubernetes.default.svc', namespace: world.namespace },
          syncPolicy: limits,
        },
      });
    await world.given(
      world.repository('fragile', {
        'apps/first.json': childOf('fragile-first', 0, 'first'),
        'apps/second.json': childOf('fragile-second', 1, 'second'),
        'first/x.yaml': bad,
        'second/y.yaml': configMap('second', '1'),
      }),
    );
    const parent = world.application('fragile', {
      repoURL: world.git.urlOf('fragile'),
      path: 'apps',
      namespace: world.namespace,
      syncPolicy: { automated: {} },
    });
    const first = world.object(
      'applications.argoproj.io',
      world.name('fragile-first'),
      world.namespace,
    );
    const second = world.object(
      'applications.argoproj.io',
      world.name('fragile-second'),
      world.namespace,
    );
    await world.when(parent.created());
    await world.thenEventually(
      first.has('status.operationState.phase', 'Failed'),
      parent.hasHealth('Degraded'),
    );
    await world.thenConsistently(2_000, second.isAbsent());
    await world.when(
      world.pushed('fragile', { files: { 'first/x.yaml': configMap('first', '1') } }),
      () =>
        world.kubectl([
          'annotate',
          'application',
          world.name('fragile-first'),
          '-n',
          world.namespace,
          'argocd.argoproj.io/refresh=normal',
        ]),
    );
    await world.thenEventually(first.has('status.health.status', 'Healthy'));
    await world.when(parent.refreshed(), parent.synced());
    await world.thenEventually(
      parent.isSynced(),
      parent.isHealthy(),
      second.has('status.health.status', 'Healthy'),
    );
  });
});
