import { after, before, describe, test } from 'node:test';
import { MEDIA, type Registry, startRegistry, tarOf } from '../controlplane/registry.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, configMap, registration } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const SIGN_IN = `Basic ${Buffer.from('jane:secret').toString('base64')}`;

describe('artifacts of an OCI registry are sources', () => {
  let world: World;
  let registry: Registry;
  before(async () => {
    world = await startWorld({ signal, operator: ['--oci-max-extracted-size=20k'] });
    registry = await startRegistry();
    registry.signIn = SIGN_IN;
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  const pushed = async (name: string, tag: string, files: Readonly<Record<string, string>>) =>
    registry.push(name, tag, [{ content: await tarOf(files) }]);

  test('a range of tags follows what is pushed, signed in by the repository Secret', async () => {
    const first = await pushed('team/web', '1.0.0', { 'map.yaml': configMap('web', '1.0.0') });
    const repoURL = registry.urlOf('team/web');
    const app = world.application('artifact', { repoURL, targetRevision: '1.x', syncPolicy: true });
    await world.when(
      world.applied(
        registration(world.namespace, 'artifacts', 'repository', {
          ...{ url: repoURL, type: 'oci', insecureOCIForceHttp: 'true' },
          ...{ username: 'jane', password: 'wrong' },
        }),
      ),
      app.created(),
    );
    await world.thenEventually(app.hasCondition('ComparisonError', /401/));
    await world.when(
      world.edited('secrets', 'artifacts', world.namespace, { stringData: { password: 'secret' } }),
    );
    await world.thenEventually(app.isSynced(first), app.isHealthy());
    const map = world.object('configmaps', 'web', app.name);
    await world.thenEventually(map.has('data.value', '1.0.0'));
    const second = await pushed('team/web', '1.1.0', { 'map.yaml': configMap('web', '1.1.0') });
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(second), map.has('data.value', '1.1.0'));
  });

  test('a chart and a kustomization in an artifact are what they are in Git', async () => {
    await world.given(
      world.applied(
        registration(world.namespace, 'artifact-template', 'repo-creds', {
          ...{ url: `oci://${registry.host}`, type: 'oci', insecureOCIForceHttp: 'true' },
          ...{ username: 'jane', password: 'secret' },
        }),
      ),
    );
    const chart = {
      'shop/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 2.0.0\n',
      'shop/templates/map.yaml': configMap('shop', '{{ .Values.size }}'),
    };
    const config = { mediaType: MEDIA.helmConfig, digest: `sha256:${'0'.repeat(64)}`, size: 2 };
    const layer = { mediaType: MEDIA.helmLayer, content: await tarOf(chart) };
    const released = registry.push('charts/shop', '2.0.0', [layer], { config });
    const kustomized = await pushed('team/kustomized', 'main', {
      'base/kustomization.yaml': 'resources: [map.yaml]\n',
      'base/map.yaml': configMap('based', '1'),
      'prod/kustomization.yaml': 'namePrefix: prod-\nresources: [../base]\n',
    });
    const shop = world.application('shop', {
      repoURL: registry.urlOf('charts/shop'),
      targetRevision: '2.0.0',
      source: { helm: { parameters: [{ name: 'size', value: '3' }] } },
      syncPolicy: true,
    });
    const prod = world.application('prod', {
      repoURL: registry.urlOf('team/kustomized'),
      targetRevision: 'main',
      path: 'prod',
      syncPolicy: true,
    });
    await world.when(shop.created(), prod.created());
    await world.thenEventually(shop.isSynced(released), prod.isSynced(kustomized));
    await world.thenEventually(
      world.object('configmaps', 'shop', shop.name).has('data.value', '3'),
      world.object('configmaps', 'prod-based', prod.name).exists(),
    );
  });

  test('a project that asks for signatures of Git deploys an artifact, which has none', async () => {
    const digest = await pushed('team/unsigned', '1', { 'map.yaml': configMap('web', '1') });
    await world.given(
      world.applied(
        appProject(world.namespace, 'signed', {
          clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
          sourceIntegrity: {
            git: {
              policies: [
                { repos: [{ url: '*' }], gpg: { mode: 'strict', keys: ['4AEE18F83AFDEB23'] } },
              ],
            },
          },
        }),
      ),
    );
    const repoURL = registry.urlOf('team/unsigned');
    await world.given(
      world.applied(
        registration(world.namespace, 'unsigned', 'repository', {
          ...{ url: repoURL, type: 'oci', insecureOCIForceHttp: 'true' },
          ...{ username: 'jane', password: 'secret' },
        }),
      ),
    );
    const app = world.application('unsigned', {
      repoURL,
      targetRevision: '1',
      project: 'signed',
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(digest), app.isHealthy());
  });

  test('an artifact that is larger than the settings permit is refused, until it is smaller', async () => {
    const text = configMap('web', 'x'.repeat(30_000));
    await pushed('team/unsigned', 'large', { 'map.yaml': text });
    const app = world.application('large', {
      repoURL: registry.urlOf('team/unsigned'),
      targetRevision: 'large',
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.hasCondition('ComparisonError', /more than 20000 bytes/));
    const digest = await pushed('team/unsigned', 'large', { 'map.yaml': configMap('web', '1') });
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(digest), app.isHealthy());
  });

  test('a project that does not permit the registry keeps it out', async () => {
    await pushed('team/secret', '1', { 'map.yaml': configMap('web', '1') });
    const asked = registry.requests.length;
    await world.given(
      world.applied(
        appProject(world.namespace, 'narrow', { sourceRepos: [registry.urlOf('team/web')] }),
      ),
    );
    const app = world.application('refused', {
      repoURL: registry.urlOf('team/secret'),
      targetRevision: '1',
      project: 'narrow',
    });
    await world.when(app.created());
    await world.thenEventually(
      app.hasCondition('InvalidSpecError', /is not permitted in project 'narrow'/),
    );
    const leaked = registry.requests.slice(asked).filter((line) => line.includes('team/secret'));
    if (leaked.length > 0) throw new Error(`the registry was asked: ${leaked.join(', ')}`);
  });
});
