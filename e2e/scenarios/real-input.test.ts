import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { filesOf } from '../controlplane/git-repository.ts';
import { startWorld, type World } from '../language/world.ts';

const signal = AbortSignal.timeout(900_000);
const folder = join(import.meta.dirname, '../../../shared/real');
const isThere = existsSync(folder);
if (!isThere)
  process.stderr.write(`left out: the scenarios on real input, as ${folder} is absent\n`);

/** Applications of other people, by folder; all of these become Synced and Healthy. */
const FINE: readonly { readonly path: string; readonly source?: object }[] = [
  { path: 'argocd-example-apps/guestbook' },
  { path: 'argocd-example-apps/helm-guestbook' },
  { path: 'argocd-example-apps/kustomize-guestbook' },
  { path: 'argocd-example-apps/jsonnet-guestbook' },
  { path: 'argocd-example-apps/sync-waves' },
  { path: 'argocd-example-apps/pre-post-sync' },
  { path: 'argocd-example-apps/helm-hooks' },
  { path: 'podinfo/charts/podinfo' },
];

/** Those that cannot work here, and what they must say. */
const BROKEN: readonly { readonly path: string; readonly says: RegExp }[] = [
  {
    path: 'argocd-example-apps/helm-dependency',
    says: /helm dependency build failed: .*https:\/\/charts\.helm\.sh\/stable/s,
  },
];

if (isThere)
  describe('applications that nobody here wrote', () => {
    let plane: ControlPlane;
    let world: World;
    before(async () => {
      plane = await startControlPlane({ signal });
      world = await startWorld({
        signal,
        cluster: plane,
        operator: ['--application-namespaces=argocd'],
      });
      await world.git.createRepository('real', await filesOf(folder));
    });
    after(async () => {
      await world[Symbol.asyncDispose]();
      await plane[Symbol.asyncDispose]();
    });

    const deployed = (path: string, source: object = {}) =>
      world.application(path.slice(path.lastIndexOf('/') + 1), {
        repoURL: world.git.urlOf('real'),
        path,
        source,
        syncPolicy: true,
      });

    for (const { path, source } of FINE)
      test(`${path} becomes Synced and Healthy`, async () => {
        const app = deployed(path, source);
        await world.when(app.created());
        await world.thenWithin(90_000, app.isSynced(), app.isHealthy(), app.operationSucceeded());
      });

    test('sock-shop becomes Healthy once its Ingress has an address', async () => {
      const app = deployed('argocd-example-apps/sock-shop');
      await world.when(app.created());
      await world.thenWithin(90_000, app.isSynced(), app.hasHealth('Progressing'));
      const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
      const { items = [] } =
        (await world.kubectl.get<{ items: { metadata: { name: string } }[] }>([
          'ingress',
          `--namespace=${app.name}`,
        ])) ?? {};
      for (const { metadata } of items)
        await world.kubectl([
          'patch',
          'ingress',
          metadata.name,
          `--namespace=${app.name}`,
          '--subresource=status',
          '--type=merge',
          `--patch=${JSON.stringify({ status })}`,
        ]);
      await world.thenWithin(90_000, app.isSynced(), app.isHealthy());
    });

    test('the base of podinfo is Synced, and its autoscaler says what it lacks', async () => {
      const app = deployed('podinfo/kustomize');
      await world.when(app.created());
      await world.thenWithin(90_000, app.isSynced(), app.operationSucceeded());
      await world.thenEventually(
        world
          .object('applications.argoproj.io', app.name, world.namespace)
          .matches('is Healthy or names the autoscaler', (object) => {
            const status = object['status'] as
              | { health?: { status?: string; message?: string } }
              | undefined;
            const { status: health = '', message = '' } = status?.health ?? {};
            return health === 'Healthy' || message.includes('HorizontalPodAutoscaler');
          }),
      );
    });

    test('blue-green names the CRD that is missing', async () => {
      const app = deployed('argocd-example-apps/blue-green');
      await world.when(app.created());
      await world.thenEventually(
        world
          .object('applications.argoproj.io', app.name, world.namespace)
          .matches('says that Rollout is not installed', (object) => {
            const status = object['status'] as
              | { operationState?: { message?: string } }
              | undefined;
            const message = status?.operationState?.message ?? '';
            return message.includes('Make sure the "Rollout" CRD is installed');
          }),
      );
    });

    for (const { path, says } of BROKEN)
      test(`${path} says why it cannot be rendered`, async () => {
        const app = deployed(path);
        await world.when(app.created());
        await world.thenEventually(app.hasCondition('ComparisonError', says));
      });

    test('the app-of-apps, pointed at a local copy, makes its children', async () => {
      const permitted = { spec: { sourceNamespaces: ['argocd'] } };
      await world.given(
        world.applied({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } }),
        () =>
          world.kubectl([
            'patch',
            'appproject',
            'default',
            `--namespace=${world.namespace}`,
            '--type=merge',
            `--patch=${JSON.stringify(permitted)}`,
          ]),
        async () =>
          world.git.createRepository('apps', await filesOf(join(folder, 'argocd-example-apps'))),
      );
      const parameters = [
        { name: 'config.spec.source.repoURL', value: world.git.urlOf('apps') },
        { name: 'config.spec.source.targetRevision', value: 'main' },
      ];
      const root = world.application('examples', {
        repoURL: world.git.urlOf('apps'),
        path: 'apps',
        namespace: 'argocd',
        source: { helm: { parameters } },
        syncPolicy: { automated: { prune: true } },
      });
      await world.when(root.created());
      const child = (name: string) =>
        world.object('applications.argoproj.io', `example.${name}`, 'argocd');
      await world.thenWithin(
        120_000,
        root.isSynced(),
        ...[
          'guestbook',
          'helm-guestbook',
          'kustomize-guestbook',
          'pre-post-sync',
          'sync-waves',
        ].flatMap((name) => [
          child(name).has('status.sync.status', 'Synced'),
          child(name).has('status.health.status', 'Healthy'),
        ]),
        child('plugin-nix').has('status.sync.status', 'Unknown'),
      );
    });
  });
