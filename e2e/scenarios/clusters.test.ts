import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { startFaultyProxy } from '../controlplane/faulty-proxy.ts';
import { createKubectl, type Kubectl } from '../controlplane/kubectl.ts';
import { met, pending, type Expectation } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);

describe('a second cluster', () => {
  let world: World;
  let other: ControlPlane;
  let there: Kubectl;
  before(async () => {
    other = await startControlPlane({ signal, components: { scheduler: false, kwok: false } });
    there = await createKubectl(other.kubeconfigPath, signal);
    world = await startWorld({ signal });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  const clusterSecret = (name: string, config: object, rest: Record<string, string> = {}) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace: world.namespace,
      labels: { 'argocd.argoproj.io/secret-type': 'cluster' },
    },
    stringData: { name, server: other.server, config: JSON.stringify(config), ...rest },
  });

  const base64 = (text: string) => Buffer.from(text).toString('base64');
  /** The secrets name one server, so each takes the place of the one before. */
  const registered = (secret: ReturnType<typeof clusterSecret>) => async () => {
    const label = 'argocd.argoproj.io/secret-type=cluster';
    await world.kubectl(['delete', 'secret', '--namespace', world.namespace, '-l', label]);
    await world.kubectl.apply(secret);
  };

  const valueThere =
    (namespace: string, wanted: string): Expectation =>
    async () => {
      const seen = await there.get<{ data?: { value?: string } }>([
        'configmap',
        'a',
        `--namespace=${namespace}`,
      ]);
      const value = seen?.data?.value;
      return value === wanted ? met(wanted) : pending(`the value there is ${value ?? 'absent'}`);
    };

  test('is deployed to by name, with its own credentials, and healed', async () => {
    await world.given(world.repository('apps', { 'a.yaml': configMap('a', 'one') }));
    const name = world.name('east');
    const app = world.application('far', {
      repoURL: world.git.urlOf('apps'),
      syncPolicy: true,
      spec: { destination: { name, namespace: world.name('far') } },
    });
    await world.when(app.created());
    await world.thenEventually(
      app.hasCondition('InvalidSpecError', /there are no clusters with this name/),
    );
    const tlsClientConfig = { caData: base64(other.ca) };
    await world.when(
      registered(clusterSecret(name, { bearerToken: other.adminToken, tlsClientConfig })),
    );
    await world.thenEventually(
      app.isSynced(),
      app.isHealthy(),
      valueThere(app.name, 'one'),
      world.object('configmaps', 'a', app.name).isAbsent(),
    );
    await world.when(() =>
      there([
        'patch',
        'configmap',
        'a',
        `--namespace=${app.name}`,
        '--type=merge',
        '--patch={"data":{"value":"by hand"}}',
      ]),
    );
    await world.thenEventually(valueThere(app.name, 'one'), app.isSynced());
  });

  test('is signed in to with a client certificate', async () => {
    await world.given(world.repository('certificate', { 'a.yaml': configMap('a', 'signed') }));
    const name = world.name('signed');
    const { certificate, key } = other.clientCertificate('deployer', ['system:masters']);
    const tlsClientConfig = {
      caData: base64(other.ca),
      certData: base64(certificate),
      keyData: base64(key),
    };
    const app = world.application('signed', {
      repoURL: world.git.urlOf('certificate'),
      syncPolicy: true,
      spec: { destination: { name, namespace: world.name('signed') } },
    });
    await world.when(registered(clusterSecret(name, { tlsClientConfig })), app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy(), valueThere(app.name, 'signed'));
  });

  test('is trusted without its authority only where the secret says insecure', async () => {
    await world.given(world.repository('insecure', { 'a.yaml': configMap('a', 'trusted') }));
    const name = world.name('insecure');
    const app = world.application('insecure', {
      repoURL: world.git.urlOf('insecure'),
      syncPolicy: true,
      spec: { destination: { name, namespace: world.name('insecure') } },
    });
    const bearerToken = other.adminToken;
    await world.when(registered(clusterSecret(name, { bearerToken })), app.created());
    await world.thenEventually(
      app.hasCondition('ComparisonError', /Failed to load live state: .*certificate/),
    );
    await world.when(
      registered(clusterSecret(name, { bearerToken, tlsClientConfig: { insecure: true } })),
    );
    await world.thenEventually(
      app.isSynced(),
      app.isHealthy(),
      app.hasNoConditions(),
      valueThere(app.name, 'trusted'),
    );
  });

  test('is managed in the namespaces of its secret alone, by one who may do no more', async () => {
    const [inside, outside] = [world.name('inside'), world.name('outside')];
    const beside = world.name('beside');
    const namespace = (of: string) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: of },
    });
    const user = world.name('limited');
    await there.apply(namespace(inside), namespace(beside), namespace(outside));
    const permitted = (of: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: user, namespace: of },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    });
    await there.apply(permitted(inside), permitted(beside));
    await world.given(
      world.repository('namespaced', { 'a.yaml': configMap('a', 'inside') }),
      world.repository('cluster-scoped', {
        'role.yaml':
          'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: reader }\n',
      }),
    );
    const { certificate, key } = other.clientCertificate(user);
    const tlsClientConfig = {
      caData: base64(other.ca),
      certData: base64(certificate),
      keyData: base64(key),
    };
    const name = world.name('limited');
    const destined = (base: string, repository: string, to: string) =>
      world.application(base, {
        repoURL: world.git.urlOf(repository),
        syncPolicy: { automated: { selfHeal: true } },
        spec: { destination: { name, namespace: to } },
      });
    const app = destined('inside', 'namespaced', inside);
    const stray = destined('outside', 'namespaced', outside);
    const role = destined('role', 'cluster-scoped', inside);
    await world.when(
      registered(clusterSecret(name, { tlsClientConfig }, { namespaces: `${inside}, ${beside}` })),
      app.created(),
      stray.created(),
      role.created(),
    );
    await world.thenEventually(
      app.isSynced(),
      app.isHealthy(),
      app.hasNoConditions(),
      valueThere(inside, 'inside'),
    );
    await world.when(() =>
      there(['delete', 'configmap', 'a', `--namespace=${inside}`, '--wait=false']),
    );
    await world.thenEventually(valueThere(inside, 'inside'), app.isSynced());
    await world.thenEventually(
      stray.hasCondition(
        'ComparisonError',
        new RegExp(
          `Failed to load live state: namespace "${outside}" for ConfigMap "a" is not managed`,
        ),
      ),
      role.hasCondition(
        'ComparisonError',
        /Failed to load live state: cluster level ClusterRole "reader" can not be managed when in namespaced mode/,
      ),
    );
  });

  test('that was connected and is gone: deletions say so, whether they had begun, and a person lets go', async () => {
    await using proxy = await startFaultyProxy({ plane: other, seed: 1 });
    const name = world.name('leaving');
    const config = { bearerToken: other.adminToken, tlsClientConfig: { insecure: true } };
    const secret = clusterSecret(name, config, { server: proxy.server });
    const files = { 'a.yaml': configMap('a', 'left'), 'b.yaml': configMap('b', 'left') };
    await world.given(world.repository('leaving', files));
    const destined = (base: string) =>
      world.application(base, {
        repoURL: world.git.urlOf('leaving'),
        syncPolicy: true,
        cascade: true,
        spec: { destination: { name, namespace: world.name(base) } },
      });
    const [begun, later] = [destined('begun'), destined('later')];
    await world.when(registered(secret), begun.created(), later.created());
    await world.thenEventually(
      ...[begun, later].flatMap((app) => [app.isSynced(), app.isHealthy(), app.hasNoConditions()]),
    );
    const held = '--patch={"metadata":{"finalizers":["example.com/held"]}}';
    await there(['patch', 'configmap', 'a', `--namespace=${begun.name}`, '--type=merge', held]);
    await world.when(begun.deleted());
    await world.thenEventually(begun.hasCondition('DeletionWarning', /ConfigMap\/a \(held by/));

    await proxy[Symbol.asyncDispose]();
    await world.when(later.deleted());
    const silent = new RegExp(
      `^cluster ${proxy.server} has not answered since 20\\S+Z \\(.+\\); until it does \\d objects there stay.*tiphys\\.io/let-go`,
    );
    await world.thenEventually(
      begun.hasCondition('DeletionError', silent),
      later.hasCondition('DeletionError', silent),
    );
    const letGo = { metadata: { annotations: { 'tiphys.io/let-go': 'true' } } };
    await world.when(begun.patched(letGo), later.patched(letGo));
    await world.thenEventually(begun.isAbsent(), later.isAbsent(), valueThere(later.name, 'left'));
  });
});
