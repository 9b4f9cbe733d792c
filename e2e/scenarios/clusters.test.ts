import { after, before, describe, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
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

  const clusterSecret = (name: string, config: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: world.name('cluster'),
      namespace: world.namespace,
      labels: { 'argocd.argoproj.io/secret-type': 'cluster' },
    },
    stringData: { name, server: other.server, config: JSON.stringify(config) },
  });

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
    const tlsClientConfig = { caData: Buffer.from(other.ca).toString('base64') };
    await world.when(
      world.applied(clusterSecret(name, { bearerToken: other.adminToken, tlsClientConfig })),
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
});
