import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { met, pending, type Expectation } from '../language/expectation.ts';
import type { TestApplication } from '../language/application.ts';
import { passesTo, settled } from '../language/stillness.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSettings, configMap, deployment, service } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

interface ResourceEntry {
  readonly kind: string;
  readonly name: string;
  readonly status?: string;
  readonly syncReason?: string;
}

/** What `kubectl get application -o yaml` says about one object. */
const entryIs =
  (app: TestApplication, name: string, judge: (entry: ResourceEntry) => boolean): Expectation =>
  async (stop) => {
    const status = (await app.read(stop))?.['status'] as
      | { resources?: ResourceEntry[] }
      | undefined;
    const entry = status?.resources?.find((one) => one.name === name);
    if (entry === undefined) return pending(`${name} is not listed`);
    return judge(entry) ? met('as it should') : pending(JSON.stringify(entry));
  };

describe('what is compared', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal, operator: ['--self-heal-loop-limit=2'] });
    await world.kubectl.apply(settings({}));
  });
  after(() => world[Symbol.asyncDispose]());

  const settings = (data: Readonly<Record<string, string>>) =>
    argocdSettings(world.namespace, data);

  test('status tells why each object is OutOfSync', async () => {
    await world.given(
      world.repository('reasons', {
        'a.yaml': configMap('a', '1'),
        'b.yaml': configMap('b', '1'),
        'c.yaml': configMap('c', '1'),
      }),
    );
    const app = world.application('reasons', {
      repoURL: world.git.urlOf('reasons'),
    });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.isSynced());
    await world.kubectl(['delete', 'configmap', 'a', '-n', app.name]);
    await world.kubectl([
      'patch',
      'configmap',
      'b',
      '-n',
      app.name,
      '-p',
      '{"data":{"value":"2"}}',
    ]);
    await world.when(world.pushed('reasons', { files: {}, remove: ['c.yaml'] }), app.refreshed());
    await world.thenEventually(
      app.isOutOfSync(),
      entryIs(app, 'a', ({ syncReason }) => syncReason === 'is missing in the cluster'),
      entryIs(app, 'b', ({ syncReason }) => syncReason === 'differs in data.value'),
      entryIs(app, 'c', ({ syncReason }) => syncReason === 'is not in the source any more'),
    );
  });

  test('a field another manager owns is left out by pointer, manager or jq expression', async () => {
    await world.given(
      world.repository('ignored', {
        'by-pointer.yaml': deployment('by-pointer', 1),
        'by-manager.yaml': deployment('by-manager', 1),
        'by-jq.yaml': deployment('by-jq', 1),
        'compared.yaml': deployment('compared', 1),
      }),
    );
    const rule = { group: 'apps', kind: 'Deployment' };
    const app = world.application('ignored', {
      repoURL: world.git.urlOf('ignored'),
      spec: {
        ignoreDifferences: [
          { ...rule, name: 'by-pointer', jsonPointers: ['/spec/replicas'] },
          { ...rule, name: 'by-manager', managedFieldsManagers: ['scaler'] },
          { ...rule, name: 'by-jq', jqPathExpressions: ['.spec | .replicas'] },
        ],
      },
    });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.isSynced());
    const names = ['by-pointer', 'by-manager', 'by-jq'];
    for (const name of [...names, 'compared'])
      await world.kubectl([
        ...['patch', 'deployment', name, '-n', app.name, '--field-manager=scaler'],
        '-p={"spec":{"replicas":2}}',
      ]);
    await world.thenEventually(
      entryIs(app, 'compared', ({ syncReason }) => syncReason === 'differs in spec.replicas'),
      ...names.map((name) => entryIs(app, name, ({ status }) => status === 'Synced')),
    );
  });

  test('an endless jq expression fails alone, with a condition', async () => {
    await world.given(
      world.repository('endless', { 'a.yaml': configMap('a', '1'), 'b.yaml': configMap('b', '1') }),
    );
    const app = world.application('endless', {
      repoURL: world.git.urlOf('endless'),
      syncPolicy: true,
      spec: {
        ignoreDifferences: [
          { kind: 'ConfigMap', name: 'a', jqPathExpressions: ['.data | until(false; .)'] },
        ],
      },
    });
    await world.when(app.created());
    await world.thenEventually(world.object('configmaps', 'b', app.name).has('data.value', '1'));
    await world.when(
      world.pushed('endless', { files: { 'b.yaml': configMap('b', '2') } }),
      app.refreshed(),
    );
    await world.thenEventually(
      world.object('configmaps', 'b', app.name).has('data.value', '2'),
      app.hasCondition('IgnoreDifferencesWarning', /ConfigMap\/.*\/a: .*until\(false/),
      entryIs(app, 'b', ({ status }) => status === 'Synced'),
    );
  });

  test('argocd-cm takes effect without a restart, and compares again what it touches alone', async () => {
    await world.given(world.repository('beside', { 'web.yaml': service('web') }));
    const beside = world.application('beside', { repoURL: world.git.urlOf('beside') });
    await world.when(beside.created(), beside.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(beside.isSynced(), beside.operationSucceeded());
    // The only one of this world that names its cluster: so its passes can be counted.
    const byName = { server: null, name: 'in-cluster' };
    await world.when(beside.patched({ spec: { destination: byName } }));
    const passes = () => passesTo(world, 'in-cluster', signal);
    await world.given(world.repository('live', { 'a.yaml': configMap('a', '1') }));
    const app = world.application('live', {
      repoURL: world.git.urlOf('live'),
    });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.isSynced());
    await world.kubectl([
      'patch',
      'configmap',
      'a',
      '-n',
      app.name,
      '-p',
      '{"data":{"value":"2"}}',
    ]);
    await world.thenEventually(app.isOutOfSync());
    const ignore = 'resource.customizations.ignoreDifferences.ConfigMap';
    await world.thenEventually(beside.isSynced(), settled(passes));
    const before = await passes();
    assert.ok(before > 0);
    await world.kubectl.apply(settings({ [ignore]: 'jsonPointers: [/data/value]' }));
    await world.thenEventually(app.isSynced());
    await world.kubectl.apply(settings({}));
    await world.thenEventually(app.isOutOfSync());
    assert.equal(await passes(), before, 'no ConfigMap is in it');
    const aboutIt = 'resource.customizations.ignoreDifferences.Service';
    await world.kubectl.apply(settings({ [aboutIt]: 'jsonPointers: [/spec/selector]' }));
    await world.thenEventually(async () => {
      const now = await passes();
      return now > before ? met('compared again') : pending(`${now} passes`);
    });
    await world.kubectl.apply(settings({}));
  });

  test('IgnoreExtraneous: the object is OutOfSync, the application is not', async () => {
    await world.given(world.repository('extraneous', { 'a.yaml': configMap('a', '1') }));
    const app = world.application('extraneous', {
      repoURL: world.git.urlOf('extraneous'),
    });
    await world.when(app.created(), app.synced({ syncOptions: ['CreateNamespace=true'] }));
    await world.thenEventually(app.isSynced());
    await world.kubectl.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'more',
        namespace: app.name,
        annotations: {
          'argocd.argoproj.io/tracking-id': `${app.name}:/ConfigMap:${app.name}/more`,
          'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
        },
      },
    });
    await world.thenEventually(
      entryIs(app, 'more', ({ status }) => status === 'OutOfSync'),
      app.isSynced(),
    );
  });

  test('two Applications claim one object: the first keeps it, nobody fights', async () => {
    const namespace = world.name('claimed');
    for (const [repository, value] of [
      ['claim-a', 'of a'],
      ['claim-b', 'of b'],
    ] as const)
      await world.given(world.repository(repository, { 'x.yaml': configMap('x', value) }));
    const first = world.application('claim-a', {
      repoURL: world.git.urlOf('claim-a'),
      namespace,
      syncPolicy: true,
    });
    const second = world.application('claim-b', {
      repoURL: world.git.urlOf('claim-b'),
      namespace,
      syncPolicy: true,
    });
    const object = world.object('configmaps', 'x', namespace);
    await world.when(first.created());
    await world.thenEventually(first.isSynced());
    await world.when(second.created());
    await world.thenEventually(
      second.isOutOfSync(),
      second.hasCondition('SharedResourceWarning', /ConfigMap\/x is part of applications/),
      entryIs(second, 'x', ({ syncReason = '' }) => syncReason.includes(`${first.name} has it`)),
    );
    await world.thenConsistently(3_000, object.has('data.value', 'of a'), first.isSynced());
    await world.when(second.synced());
    await world.thenEventually(object.has('data.value', 'of b'), second.isSynced());
    await world.thenConsistently(3_000, object.has('data.value', 'of b'));
    await world.thenEventually(first.hasCondition('SharedResourceWarning'));
    await world.when(
      world.pushed('claim-a', {
        files: { 'other.yaml': configMap('other', '1') },
        remove: ['x.yaml'],
      }),
      first.refreshed(),
    );
    await world.thenEventually(first.isSynced(), first.hasNoConditions());
    await world.thenConsistently(1_000, object.has('data.value', 'of b'));
  });

  test('a manager that fights: healing stops, and the condition names it and the field', async () => {
    await world.given(world.repository('fight', { 'x.yaml': configMap('x', 'ours') }));
    const app = world.application('fight', {
      repoURL: world.git.urlOf('fight'),
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced());
    const object = world.object('configmaps', 'x', app.name);
    using fight = rival(app.name);
    await world.thenEventually(
      app.hasCondition(
        'HealLoopWarning',
        /ConfigMap\/.*\/x: data\.value was set back 2 times.*"rival"/,
      ),
      app.isOutOfSync(),
      entryIs(app, 'x', ({ syncReason = '' }) => syncReason.includes('self-heal stopped')),
    );
    const healed = fight.rounds;
    await world.thenConsistently(5_000, object.has('data.value', 'theirs'));
    assert.equal(fight.rounds, healed);
    await world.stopOperator('SIGKILL');
    world.startOperator(['--self-heal-loop-limit=2']);
    await world.thenConsistently(5_000, object.has('data.value', 'theirs'));
    fight[Symbol.dispose]();
    await world.when(
      world.pushed('fight', { files: { 'x.yaml': configMap('x', 'new') } }),
      app.refreshed(),
    );
    await world.thenEventually(
      object.has('data.value', 'new'),
      app.isSynced(),
      app.hasNoConditions(),
    );
  });

  /** Sets the value back whenever it is ours. */
  function rival(namespace: string): Disposable & { readonly rounds: number } {
    let over = false;
    let rounds = 0;
    const patch = ['patch', 'configmap', 'x', '-n', namespace, '--field-manager=rival'];
    const run = async () => {
      while (!over) {
        const seen = await world.object('configmaps', 'x', namespace).read(signal);
        if ((seen?.['data'] as { value?: string } | undefined)?.value === 'ours') {
          await world.kubectl([...patch, '-p={"data":{"value":"theirs"}}']);
          rounds += 1;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    void run();
    return {
      get rounds() {
        return rounds;
      },
      [Symbol.dispose]() {
        over = true;
      },
    };
  }
});
