import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestApplication } from '../language/application.ts';
import { type Expectation, met, pending } from '../language/expectation.ts';
import { howMany, isRefreshed, requestsFor } from '../language/stillness.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSettings, configMap } from './manifests.ts';

// What annotations and argocd-cm say about comparing, beyond what is left out.

const signal = AbortSignal.timeout(300_000);

describe('how it is compared', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
    await world.kubectl.apply(settings({}));
  });
  after(() => world[Symbol.asyncDispose]());

  const settings = (data: Readonly<Record<string, string>>) =>
    argocdSettings(world.namespace, data);

  const entryIs =
    (app: TestApplication, name: string, status: string, reason = /(?:)/): Expectation =>
    async (stop) => {
      const { resources = [] } = ((await app.read(stop))?.['status'] ?? {}) as {
        resources?: readonly { name: string; status?: string; syncReason?: string }[];
      };
      const entry = resources.find((one) => one.name === name);
      return entry?.status === status && reason.test(entry.syncReason ?? '')
        ? met(`${name} is ${status}`)
        : pending(JSON.stringify(entry) ?? `${name} is not listed`);
    };

  test('a rule of argocd-cm that cannot be read: what it was about is not healed, and says so', async () => {
    const key = 'resource.customizations.ignoreDifferences.ConfigMap';
    const rule = settings({ [key]: 'jsonPointers: [/data/value]' });
    await world.kubectl.apply(rule);
    await world.given(
      world.repository('unreadable', {
        'a.yaml': configMap('a', '1'),
        'b.yaml': configMap('b', '1'),
      }),
    );
    const app = world.application('unreadable', {
      repoURL: world.git.urlOf('unreadable'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    const a = world.object('configmaps', 'a', app.name);
    await world.kubectl(['patch', 'configmap', 'a', '-n', app.name, '-p={"data":{"value":"2"}}']);
    await world.kubectl.apply(settings({ [key]: 'jsonPointers: [/data/value' }));
    await world.thenEventually(
      app.hasCondition(
        'IgnoreDifferencesWarning',
        /^ConfigMap\/\S+\/a, ConfigMap\/\S+\/b: resource\.customizations\.ignoreDifferences\.ConfigMap: is not a map of jsonPointers/,
      ),
      entryIs(app, 'a', 'Unknown', /not decided, see IgnoreDifferencesWarning/),
      entryIs(app, 'b', 'Synced'),
    );
    await world.thenConsistently(3_000, a.has('data.value', '2'));
    await world.kubectl.apply(rule);
    await world.thenEventually(app.isSynced(), app.hasNoConditions());
    await world.kubectl.apply(settings({}));
    await world.thenEventually(a.has('data.value', '1'), app.isSynced());
  });

  test('ServerSideDiff=false: the API server is not asked, and what looks different is different', async () => {
    // The API server keeps no empty struct here, which only it knows.
    const service = (port: number) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { selector: { app: 'web' }, ports: [{ port }], sessionAffinityConfig: {} },
      });
    await world.given(world.repository('unasked', { 'web.json': service(80) }));
    const app = world.application('unasked', {
      repoURL: world.git.urlOf('unasked'),
      annotations: { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=false' },
    });
    const dryRuns = async () =>
      howMany(await requestsFor(world, app, signal), { dryRun: true, kind: 'Service' });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(
      app.operationSucceeded(),
      entryIs(app, 'web', 'OutOfSync', /differs in spec\.sessionAffinityConfig/),
    );
    const before = await dryRuns(); // those of the sync
    await world.when(
      world.pushed('unasked', { files: { 'web.json': service(81) } }),
      app.refreshed(),
    );
    await world.thenEventually(
      isRefreshed(app),
      entryIs(app, 'web', 'OutOfSync', /spec\.ports\[81/),
    );
    assert.equal(await dryRuns(), before);
    await world.when(
      world.pushed('unasked', { files: { 'web.json': service(80) } }),
      app.refreshed(),
    );
    const options = (value: string | null) =>
      app.patched({ metadata: { annotations: { 'argocd.argoproj.io/compare-options': value } } });
    for (const value of ['ServerSideDiff=true', null]) {
      await world.when(options(value));
      await world.thenEventually(app.isSynced(), entryIs(app, 'web', 'Synced'));
      assert.ok((await dryRuns()) > before);
      await world.when(options('ServerSideDiff=false'));
      await world.thenEventually(app.isOutOfSync());
    }
  });

  test('one object twice: the last wins, and a condition names it; namespaces are those of the scope', async () => {
    const role = world.name('reader');
    await world.given(
      world.repository('twice', {
        'a.yaml': configMap('x', 'first'),
        'b.yaml': configMap('x', 'last'),
        'role.json': JSON.stringify({
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRole',
          metadata: { name: role, namespace: 'nowhere' },
          rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
        }),
      }),
    );
    const app = world.application('twice', {
      repoURL: world.git.urlOf('twice'),
      syncPolicy: true,
      cascade: true,
    });
    await world.when(app.created());
    await world.thenEventually(
      app.isSynced(),
      app.operationSucceeded(),
      app.hasCondition('RepeatedResourceWarning', /\/ConfigMap\/\S+\/x appeared 2 times/),
      world.object('configmaps', 'x', app.name).has('data.value', 'last'),
      world.object('clusterroles.rbac.authorization.k8s.io', role).has('metadata.name', role),
      entryIs(app, role, 'Synced'),
    );
    await world.when(world.pushed('twice', { files: {}, remove: ['b.yaml'] }), app.refreshed());
    await world.thenEventually(
      world.object('configmaps', 'x', app.name).has('data.value', 'first'),
      app.isSynced(),
      app.hasNoConditions(),
    );
    await world.when(app.deleted());
    await world.thenEventually(app.isAbsent());
  });

  test('an object of a kind that the settings leave alone is told of, and left alone', async () => {
    await world.given(
      world.repository('excluded', {
        'a.yaml': configMap('a', '1'),
        'b.yaml':
          'apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: mine}\nspec: {holderIdentity: me}\n',
      }),
    );
    const app = world.application('excluded', {
      repoURL: world.git.urlOf('excluded'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(
      app.isSynced(),
      app.isHealthy(),
      app.hasCondition(
        'ExcludedResourceWarning',
        /^Resource coordination\.k8s\.io\/Lease mine is excluded in the settings$/,
      ),
      world.object('configmaps', 'a', app.name).exists(),
    );
    await world.thenConsistently(
      500,
      world.object('leases.coordination.k8s.io', 'mine', app.name).isAbsent(),
      app.isSynced(),
    );
  });

  test('an aggregated ClusterRole is filled in by its controller, and nobody heals that', async () => {
    const [part, whole] = [world.name('part'), world.name('whole')];
    const rbac = (name: string, labels: object, rest: object) =>
      JSON.stringify({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name, labels },
        ...rest,
      });
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { into: whole } }] };
    await world.given(
      world.repository('aggregated', {
        'part.json': rbac(part, { into: whole }, { rules }),
        'whole.json': rbac(whole, {}, { aggregationRule, rules: [] }),
      }),
    );
    const app = world.application('aggregated', {
      repoURL: world.git.urlOf('aggregated'),
      syncPolicy: true,
      cascade: true,
    });
    const object = world.object('clusterroles.rbac.authorization.k8s.io', whole);
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), object.has('rules.0.verbs.0', 'get'));
    await world.when(app.refreshed('hard'));
    await world.thenEventually(isRefreshed(app), app.isSynced());
    await world.thenConsistently(2_000, object.has('rules.0.verbs.0', 'get'), app.isSynced());
    await world.when(app.deleted());
    await world.thenEventually(app.isAbsent());
  });

  test('ignoreResourceUpdates: a change of what it names is not looked at until something else changes', async () => {
    const key = 'resource.customizations.ignoreResourceUpdates.ConfigMap';
    await world.kubectl.apply(settings({ [key]: 'jsonPointers: [/data/value]' }));
    await world.given(world.repository('beats', { 'a.yaml': configMap('a', '1') }));
    const app = world.application('beats', { repoURL: world.git.urlOf('beats') });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    // The pass that follows a sync is over, too, when a request that comes later has been served.
    await world.when(app.refreshed());
    await world.thenEventually(isRefreshed(app));
    const patch = (data: object) =>
      world.kubectl([
        ...['patch', 'configmap', 'a', '-n', app.name, '-p', JSON.stringify({ data })],
      ]);
    await patch({ value: '2' });
    await world.thenConsistently(3_000, app.isSynced());
    await patch({ other: '1' });
    await world.thenEventually(entryIs(app, 'a', 'OutOfSync', /data\.value/));
    // Without the rule each change is looked at.
    await world.kubectl.apply(settings({}));
    await patch({ value: '1' });
    await world.thenEventually(app.isSynced());
    await patch({ value: '2' });
    await world.thenEventually(entryIs(app, 'a', 'OutOfSync', /data\.value/));
  });

  test('status is compared where argocd-cm says so, and a change of status is then seen', async () => {
    await world.kubectl.apply(
      settings({ 'resource.compareoptions': 'ignoreResourceStatusField: none' }),
    );
    const service = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'lb' },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } },
    });
    await world.given(world.repository('status', { 'lb.json': service }));
    const app = world.application('status', {
      repoURL: world.git.urlOf('status'),
      annotations: { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=false' },
    });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.operationSucceeded(), entryIs(app, 'lb', 'OutOfSync', /status/));
    const setIp = (ip: string) =>
      world.kubectl([
        ...['patch', 'service', 'lb', '-n', app.name, '--subresource=status', '--type=merge'],
        `-p=${JSON.stringify({ status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } })}`,
      ]);
    await setIp('192.0.2.1');
    await world.thenEventually(app.isSynced());
    await setIp('192.0.2.2'); // as healthy as before
    await world.thenEventually(entryIs(app, 'lb', 'OutOfSync', /status/));
    await world.kubectl.apply(settings({}));
    await world.thenEventually(app.isSynced());
  });
});
