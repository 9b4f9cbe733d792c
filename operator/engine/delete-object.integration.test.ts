import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startWorld, type World } from '../../e2e/language/world.ts';
import { hasCode } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { DEFAULT_TRACKING, isOwnOf } from '../core/tracking/tracking.ts';
import { createKubeClient } from '../kube/kube-client.ts';
import { connectionFromKubeconfig } from '../kube/kubeconfig.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import { systemClock } from '../runtime/clock.ts';
import { deleteObject } from './delete-object.ts';

const signal = AbortSignal.timeout(120_000);
const MARK = 'argocd.argoproj.io/tracking-id';
const RESOURCE = {
  ...{ group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
  ...{ verbs: [], shortNames: [], subresources: [], preferred: true },
};

describe('deleting an object that was looked at before', () => {
  let world: World;
  let client: KubeClient & AsyncDisposable;
  let live: KubeObject;
  let seen: string[] = [];

  const address = () => ({ resource: RESOURCE, namespace: world.namespace, name: 'mine' });
  const marked = (app: string, data: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'mine',
      namespace: world.namespace,
      annotations: { [MARK]: `${app}:/ConfigMap:${world.namespace}/mine` },
    },
    data: { data },
  });
  const apply = (object: KubeObject) =>
    client.apply(address(), object, { fieldManager: 'somebody', force: true }, signal);
  const mayGo = (object: KubeObject) => isOwnOf('shop', object, DEFAULT_TRACKING);
  const remove = (request: object = {}) => {
    const store = {
      observe: (object: KubeObject) => seen.push(`there ${object.metadata.name}`),
      observeGone: (key: string) => seen.push(`gone ${key}`),
    };
    const cluster = { client, live: store } as unknown as Cluster; // what deleting needs of it
    const how = { live, propagation: 'Background' as const, mayGo, ...request };
    return deleteObject(cluster, address(), how, signal);
  };
  const isThere = async () => (await client.get(address(), signal)) !== undefined;

  before(async () => {
    world = await startWorld({ signal, operator: false });
    const path = world.kubeconfigPath;
    const connection = await connectionFromKubeconfig({ path, clock: systemClock });
    client = createKubeClient({ connection, clock: systemClock, random: Math.random });
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await client.delete(address(), {}, signal);
    live = await apply(marked('shop', 'first'));
    seen = [];
  });

  test('as it was: it goes', async () => {
    assert.deepEqual(await remove(), { type: 'gone' });
    assert.equal(seen.length, 1);
    assert.equal(await isThere(), false);
  });

  test('changed, and still ours: it goes', async () => {
    await apply(marked('shop', 'second'));
    assert.deepEqual(await remove(), { type: 'gone' });
  });

  test('given to another application: it stays', async () => {
    await apply(marked('other', 'first'));
    assert.deepEqual(await remove(), { type: 'kept' });
    assert.deepEqual([await isThere(), seen], [true, []]);
  });

  test('its mark taken away: it stays', async () => {
    const { metadata, ...rest } = marked('shop', 'first');
    await apply({ ...rest, metadata: { ...metadata, annotations: {} } });
    assert.deepEqual(await remove(), { type: 'kept' });
    assert.equal(await isThere(), true);
  });

  test('another one of its name: it stays, and that is told', async () => {
    await client.delete(address(), {}, signal);
    await apply(marked('shop', 'first'));
    await assert.rejects(remove(), (error) => hasCode(error, 'KubeConflict'));
    assert.equal(await isThere(), true);
  });

  test('gone already', async () => {
    await client.delete(address(), {}, signal);
    assert.deepEqual(await remove(), { type: 'absent' });
    assert.equal(seen.length, 1);
  });

  test('going already, held by a finalizer: that is shown to the store', async () => {
    const { metadata, ...rest } = marked('shop', 'first');
    await apply({ ...rest, metadata: { ...metadata, finalizers: ['example.com/held'] } });
    await client.delete(address(), {}, signal);
    const { type } = await remove();
    assert.deepEqual([type, seen], ['terminating', ['there mine']]);
    await client.patch(address(), { metadata: { finalizers: null } }, { type: 'merge' }, signal);
  });

  test('whoever does not ask whose it is deletes it in any state', async () => {
    await apply(marked('other', 'first'));
    assert.deepEqual(await remove({ mayGo: undefined }), { type: 'gone' });
  });

  test('changed without an end: it is left for the next time', async () => {
    let changes = 0;
    const busy = (object: KubeObject) => {
      changes += 1;
      return mayGo(object);
    };
    const get = client.get.bind(client);
    const restless = {
      ...client,
      async get(...args: Parameters<KubeClient['get']>) {
        const object = await get(...args);
        await apply(marked('shop', `change ${changes}`));
        return object;
      },
    };
    await apply(marked('shop', 'before'));
    const before = client;
    client = restless;
    try {
      await assert.rejects(remove({ mayGo: busy }), (error) => hasCode(error, 'KubeConflict'));
    } finally {
      client = before;
    }
    assert.deepEqual([changes, await isThere()], [5, true]);
  });
});
