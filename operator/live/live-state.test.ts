import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../core/errors.ts';
import { type KubeObject, resourceKey } from '../core/objects/kube-object.ts';
import { createKubeClient } from '../kube/kube-client.ts';
import { startCuttableProxy } from '../kube/testing/cuttable-proxy.ts';
import { type RealApiServer, startRealApiServer } from '../kube/testing/real-api-server.ts';
import type { ApiCatalogue, KubeClient, ObjectAddress } from '../ports/kube-client.ts';
import type { LiveEvent } from '../ports/live-state.ts';
import { systemClock } from '../runtime/clock.ts';
import { DEFAULT_EXCLUSIONS, isExcludedKind } from './excluded-kinds.ts';
import { createLiveState, type LiveStateOptions } from './live-state.ts';
import { silentLogger } from './testing/silent-logger.ts';

const never = new AbortController().signal;
const CONFIG_MAP = { group: '', kind: 'ConfigMap' };

describe('the live state of a real API server', () => {
  let api: RealApiServer;
  let client: KubeClient & AsyncDisposable;
  let catalogue: ApiCatalogue;

  before(async () => {
    api = await startRealApiServer();
    client = clientOf(api.port);
    catalogue = await client.discover(never);
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  function clientOf(port: number, token?: string): KubeClient & AsyncDisposable {
    return createKubeClient({
      connection: { ...api.connection(token), server: `https://127.0.0.1:${port}` },
      clock: systemClock,
      random: Math.random,
    });
  }

  function liveOf(from: KubeClient, more: Partial<LiveStateOptions> = {}) {
    return createLiveState({
      client: from,
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
      instanceOf: (object) => object.metadata.labels?.['instance'],
      excluded: (resource) => isExcludedKind(resource, DEFAULT_EXCLUSIONS, []),
      fieldManagers: ['tiphys'],
      ...more,
    });
  }

  function configMap(name: string, labels: Record<string, string> = {}): KubeObject {
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default', labels },
      data: { key: 'value' },
    };
  }

  function at(object: KubeObject): ObjectAddress {
    const resource = catalogue.findKind({ group: '', kind: object.kind });
    assert.ok(resource);
    return {
      resource,
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name ?? '',
    };
  }

  const apply = (object: KubeObject, fieldManager = 'tiphys') =>
    client.apply(at(object), object, { fieldManager, force: true }, never);

  const keyOfConfigMap = (name: string) =>
    resourceKey({ ...CONFIG_MAP, namespace: 'default', name });

  test('holds every kind as metadata, deepens on demand, and tells of changes', async () => {
    await apply(configMap('depth', { instance: 'guestbook' }));
    await apply(configMap('depth', { instance: 'guestbook' }), 'somebody-else');
    await using live = liveOf(client);
    await live.start(never);
    assert.equal(live.depthOf(CONFIG_MAP), 'metadata');
    assert.equal(live.depthOf({ group: 'apps', kind: 'Deployment' }), 'metadata');
    assert.equal(live.depthOf({ group: 'coordination.k8s.io', kind: 'Lease' }), undefined);
    const [shallow] = live.tracked('guestbook');
    assert.equal(shallow?.metadata.name, 'depth');
    assert.equal(shallow?.['data'], undefined);
    assert.equal(shallow?.metadata.managedFields, undefined);

    const events: LiveEvent[] = [];
    using _ = live.subscribe((event) => events.push(event));
    await live.ensure([CONFIG_MAP, { group: 'example.com', kind: 'Unknown' }], never);
    assert.equal(live.depthOf(CONFIG_MAP), 'full');
    const [full] = live.tracked('guestbook');
    assert.deepEqual(full?.['data'], { key: 'value' });
    assert.deepEqual(
      full?.metadata.managedFields?.map(({ manager }) => manager),
      ['tiphys'],
    );
    assert.ok(Object.isFrozen(full) && Object.isFrozen(full?.metadata.labels));
    assert.ok(events.some(({ key, depth }) => key === keyOfConfigMap('depth') && depth === 'full'));

    events.length = 0;
    await apply(configMap('fresh', { instance: 'other' }));
    await eventually(() => live.tracked('other').length === 1);
    assert.ok(live.inNamespace('default').some(({ metadata }) => metadata.name === 'fresh'));
    await client.delete(at(configMap('fresh')), {}, never);
    await eventually(() => live.tracked('other').length === 0);
    assert.equal(live.get(keyOfConfigMap('fresh')), undefined);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['applied', 'deleted'],
    );
  });

  test('what a write returned is read back at once', async () => {
    await using live = liveOf(client);
    await live.start(never);
    await live.ensure([CONFIG_MAP], never);
    for (let index = 0; index < 20; index += 1) {
      const written = await client.patch(
        at(await apply(configMap('observed'))),
        { data: { index: String(index) } },
        { type: 'merge' },
        never,
      );
      live.observe(written);
      assert.deepEqual(live.get(keyOfConfigMap('observed'))?.['data'], {
        key: 'value',
        index: String(index),
      });
    }
  });

  test('finds what an owner owns', async () => {
    const owner = await apply(configMap('owner'));
    await apply({
      ...configMap('child'),
      metadata: {
        ...configMap('child').metadata,
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid ?? '' },
        ],
      },
    });
    await using live = liveOf(client);
    await live.start(never);
    assert.deepEqual(
      live.ownedBy(owner.metadata.uid ?? '').map(({ metadata }) => metadata.name),
      ['child'],
    );
  });

  test('objects of a CRD made at runtime appear, and go with it', async () => {
    await using live = liveOf(client);
    await live.start(never);
    const definitions = catalogue.findKind({
      group: 'apiextensions.k8s.io',
      kind: 'CustomResourceDefinition',
    });
    assert.ok(definitions);
    const crd = { resource: definitions, namespace: '', name: 'widgets.example.com' };
    await client.apply(crd, widgetDefinition(), { fieldManager: 'tiphys', force: true }, never);
    await eventually(() => live.depthOf({ group: 'example.com', kind: 'Widget' }) !== undefined);
    const widgets = live.catalogue.findKind({ group: 'example.com', kind: 'Widget' });
    assert.ok(widgets);
    await client.create(
      { resource: widgets, namespace: 'default', name: 'one' },
      {
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        metadata: { name: 'one', labels: { instance: 'widgets' } },
      },
      {},
      never,
    );
    await eventually(() => live.tracked('widgets').length === 1);
    await client.delete(crd, {}, never);
    await eventually(
      () => live.depthOf({ group: 'example.com', kind: 'Widget' }) === undefined,
      20_000,
    );
    assert.equal(live.tracked('widgets').length, 0);
  });

  test('without rights a kind is passed over, and deepening it says why', async () => {
    await using nobody = clientOf(api.port, api.nobodyToken);
    await using live = liveOf(nobody);
    await live.start(never);
    assert.equal(live.depthOf(CONFIG_MAP), undefined);
    await assert.rejects(live.ensure([CONFIG_MAP], never), (error) =>
      hasCode(error, 'KubeForbidden'),
    );
  });

  test('in namespaced mode only those namespaces are held', async () => {
    await client.apply(
      { ...at({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'one' } }) },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'one' } },
      { fieldManager: 'tiphys', force: true },
      never,
    );
    const inside = { ...configMap('inside'), metadata: { name: 'inside', namespace: 'one' } };
    await apply(inside);
    await using live = liveOf(client, { namespaces: ['one', 'two'] });
    await live.start(never);
    await live.ensure([CONFIG_MAP], never);
    assert.equal(live.depthOf({ group: '', kind: 'Namespace' }), undefined);
    assert.deepEqual(live.inNamespace('default'), []);
    assert.ok(live.inNamespace('one').some(({ metadata }) => metadata.name === 'inside'));
  });

  test('goes on after cut connections without listing again', async () => {
    await using proxy = await startCuttableProxy(api.port);
    await using through = clientOf(proxy.port);
    let lists = 0;
    const counted: KubeClient = {
      ...through,
      server: through.server,
      list: (address, options, signal) => {
        lists += 1;
        return through.list(address, options, signal);
      },
    };
    await using live = liveOf(counted);
    await live.start(never);
    await live.ensure([CONFIG_MAP], never);
    const before = lists;
    proxy.refuse(true);
    proxy.cut();
    await apply(configMap('away', { instance: 'away' }));
    await sleep(300);
    assert.equal(live.tracked('away').length, 0);
    proxy.refuse(false);
    await eventually(() => live.tracked('away').length === 1, 15_000);
    assert.equal(lists, before);
  });

  test('a server that forgot its history and restarted: what was deleted meanwhile goes', async () => {
    await apply(configMap('doomed', { instance: 'doomed' }));
    await using proxy = await startCuttableProxy(api.port);
    await using through = clientOf(proxy.port);
    await using live = liveOf(through);
    await live.start(never);
    await live.ensure([CONFIG_MAP], never);
    const events: LiveEvent[] = [];
    using _ = live.subscribe((event) => events.push(event));
    assert.equal(live.tracked('doomed').length, 1);
    proxy.refuse(true);
    proxy.cut();
    await client.delete(at(configMap('doomed')), {}, never);
    await apply(configMap('successor', { instance: 'successor' }));
    await api.compact();
    await api.kill();
    await api.restart();
    assert.equal(live.tracked('doomed').length, 1);
    proxy.refuse(false);
    await eventually(() => live.tracked('doomed').length === 0, 30_000);
    await eventually(() => live.tracked('successor').length === 1);
    assert.equal(
      events.filter(({ key, type }) => key === keyOfConfigMap('doomed') && type === 'deleted')
        .length,
      1,
    );
    assert.deepEqual(live.tracked('successor')[0]?.['data'], { key: 'value' });
  });

  test('the API server is killed and comes back on the same port', async () => {
    await using live = liveOf(client);
    await live.start(never);
    await live.ensure([CONFIG_MAP], never);
    await api.kill();
    await sleep(1500);
    await api.restart();
    await apply(configMap('after-restart', { instance: 'restart' }));
    await eventually(() => live.tracked('restart').length === 1, 30_000);
  });
});

function widgetDefinition(): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  };
}

async function eventually(holds: () => boolean, withinMs = 10_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (!holds()) {
    assert.ok(performance.now() < until, `not so within ${withinMs} ms: ${holds}`);
    await sleep(20);
  }
}
