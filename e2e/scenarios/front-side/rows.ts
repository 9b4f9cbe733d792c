import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { met, pending, violated } from '../../language/expectation.ts';
import type { FrontReader } from '../../language/front-side.ts';
import type { World } from '../../language/world.ts';
import { configMap, deployment } from '../manifests.ts';

interface Given {
  readonly world: World;
  readonly front: FrontReader;
  /** Starts the operator of the world anew, with these options beside those that it had. */
  restarted(...options: readonly string[]): Promise<void>;
}

interface FrontHost {
  readonly name: string;
  readonly systemInfo?: object;
  readonly resourcesInfo?: readonly { readonly resourceName: string; readonly capacity?: number }[];
}

/** Pods of somebody else, which ask for a quarter of a core. */
const neighbour = (namespace: string): object => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'neighbour', namespace } },
  spec: {
    selector: { matchLabels: { app: 'neighbour' } },
    template: {
      metadata: { labels: { app: 'neighbour' } },
      spec: {
        containers: [{ name: 'one', image: 'nginx:1', resources: { requests: { cpu: '250m' } } }],
      },
    },
  },
});

const APPLICATIONS = 'applications.argoproj.io';
const TEXTS = ['targetState', 'liveState', 'normalizedLiveState', 'predictedLiveState'] as const;

/** Rows of `spec/interop.md` about what stands in Redis, and for whom. The operator may look into namespaces `front-*`. */
export function describeRows(given: () => Given, signal: AbortSignal): void {
  describe('rows of what the front side relies on', () => {
    test('an Application elsewhere stands under its namespace and name, and has Events', async () => {
      const { world, front } = given();
      const home = world.name('front-team');
      const project = world.name('everywhere');
      const app = world.application('elsewhere', {
        repoURL: world.git.urlOf('rows'),
        ...{ project, syncPolicy: true },
      });
      await world.given(
        world.repository('rows', {
          'z.yaml': configMap('z', '1'),
          'web.yaml': `${deployment('web')}          resources: { requests: { cpu: 100m, memory: 1Ki } }\n`,
        }),
        world.applied(
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: home } },
          neighbour(home),
          {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'AppProject',
            metadata: { name: project, namespace: world.namespace },
            spec: {
              sourceRepos: ['*'],
              sourceNamespaces: ['front-*'],
              destinations: [{ server: '*', namespace: '*' }],
              clusterResourceWhitelist: [{ group: '*', kind: '*' }],
            },
          },
        ),
      );
      await world.thenEventually(
        world.object('deployments.apps', 'neighbour', home).has('status.readyReplicas', 1),
      );
      await world.given(
        world.applied({ ...app.object, metadata: { name: app.name, namespace: home } }),
      );
      await world.thenEventually(
        world.object(APPLICATIONS, app.name, home).has('status.sync.status', 'Synced'),
        async () => {
          const { nodes = [] } = (await front.tree(`${home}_${app.name}`)) ?? {};
          const isThere = nodes.some(({ kind }) => kind === 'Pod');
          return isThere ? met('a tree with a Pod') : pending(`${nodes.length} nodes`);
        },
      );
      assert.equal(await front.tree(app.name), undefined);
      assert.ok(front.wakeUps(`${home}_${app.name}`) > 0);
      await world.thenEventually(async () => {
        const { items } = (await world.kubectl.get<{
          items: readonly { reason: string; involvedObject: { kind: string; name: string } }[];
        }>(['events', `--namespace=${home}`])) ?? { items: [] };
        const own = items.filter(
          ({ involvedObject: { kind, name } }) => kind === 'Application' && name === app.name,
        );
        const reasons = own.map(({ reason }) => reason);
        const isTold = ['OperationStarted', 'OperationCompleted', 'ResourceUpdated'].every((one) =>
          reasons.includes(one),
        );
        return isTold ? met(reasons.join()) : pending(reasons.join());
      });
    });

    test('a managed resource has each of its fields, in the order of group, kind, namespace and name', async () => {
      const { world, front } = given();
      const app = `${world.name('front-team')}_${world.name('elsewhere')}`;
      const managed = (await front.managed(app)) ?? [];
      const keys = managed.map(({ group = '', kind, namespace = '', name }) =>
        [group, kind, namespace, name].join('/'),
      );
      const home = world.name('elsewhere');
      assert.deepEqual(keys, [`/ConfigMap/${home}/z`, `apps/Deployment/${home}/web`]);
      for (const one of managed) {
        for (const state of TEXTS) {
          const text = one[state];
          assert.equal(typeof text, 'string', state);
          const { metadata } = JSON.parse(String(text)) as { metadata: { name: string } };
          assert.equal(metadata.name, one['name'], state);
        }
        assert.match(String(one['resourceVersion']), /^\d+$/);
        assert.notEqual(one['modified'], true);
        assert.notEqual(one['hook'], true);
      }
    });

    test('a node of the cluster tells what its Pods ask for, and a Pod whose it is', async () => {
      const { world, front } = given();
      const app = `${world.name('front-team')}_${world.name('elsewhere')}`;
      const asked = async () => {
        const [host] = ((await front.tree(app))?.hosts ?? []) as readonly FrontHost[];
        return host?.resourcesInfo?.map(({ capacity = 0, ...rest }) => ({
          ...rest,
          hasCapacity: capacity > 0,
        }));
      };
      const wanted = [
        { resourceName: 'cpu', requestedByApp: 100, requestedByNeighbors: 250, hasCapacity: true },
        { resourceName: 'memory', requestedByApp: 1_024_000, hasCapacity: true },
      ];
      await world.thenEventually(async () => {
        const seen = await asked();
        return isDeepStrictEqual(seen, wanted) ? met('them') : pending(JSON.stringify(seen));
      });
      const tree = await front.tree(app);
      const [host] = (tree?.hosts ?? []) as readonly FrontHost[];
      assert.deepEqual([host?.name, typeof host?.systemInfo], ['node-1', 'object']);
      const pod = tree?.nodes?.find(({ kind }) => kind === 'Pod');
      const owner = tree?.nodes?.find(({ kind }) => kind === 'ReplicaSet');
      assert.deepEqual(
        pod?.parentRefs?.map(({ name }) => name),
        [owner?.name],
      );
    });

    test('entries are written again before they expire', async () => {
      const { world, front, restarted } = given();
      const app = `${world.name('front-team')}_${world.name('elsewhere')}`;
      await restarted('--app-state-cache-expiration=4s');
      const ttlMs = (): Promise<number> => front.ttlOf(`app|resources-tree|${app}`);
      await world.thenEventually(async () => {
        const left = await ttlMs();
        return left > 0 && left <= 4_000 ? met(String(left)) : pending(String(left));
      });
      await world.thenConsistently(10_000, async () =>
        (await ttlMs()) > 0 && (await front.managed(app)) !== undefined
          ? met('it is there')
          : violated('an entry expired although nothing was wrong'),
      );
      signal.throwIfAborted();
      await restarted();
    });
  });
}
