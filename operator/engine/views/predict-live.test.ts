import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ComparedResource } from '../../core/app/compared-resource.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { Cluster } from '../../ports/clusters.ts';
import { askPrediction, type Predictions } from './predict-live.ts';

const { signal } = new AbortController();
const configMap = (value: string): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n' } },
  data: { value },
});

/** An API server that sets a field of its own; counts what it is asked. */
function world() {
  let asked = 0;
  let refuses = false;
  const apply = async (_address: unknown, object: KubeObject): Promise<KubeObject> => {
    asked += 1;
    if (refuses) throw new Error('not today');
    return { ...object, set: 'by the server' };
  };
  const catalogue = { find: () => ({}), findKind: () => ({ namespaced: true }) };
  const cluster = { client: { apply }, live: { catalogue } } as unknown as Cluster;
  const predictions: Predictions = new WeakMap();
  return {
    asked: () => asked,
    refuse: (whether: boolean) => void (refuses = whether),
    predict(target: KubeObject, live: KubeObject, app = 'argocd/a 1') {
      const comparison = { type: 'different', paths: [], certain: false };
      const resource = { target, live, comparison } as unknown as ComparedResource;
      const options = { app, cluster, fieldManager: 'argocd-controller', predictions };
      return askPrediction(resource, options, signal);
    },
  };
}

describe('what applying would make of an object', () => {
  test('is asked once for as long as desired and live are the same', async () => {
    const { predict, asked } = world();
    const live = configMap('live');
    const first = await predict(configMap('wanted'), live);
    assert.equal(first?.['set'], 'by the server');
    assert.equal(await predict(configMap('wanted'), live), first); // rendered anew, and the same
    assert.equal(asked(), 1);
    await predict(configMap('wanted'), configMap('live')); // another version of it
    await predict(configMap('other'), live);
    await predict(configMap('other'), live, 'argocd/b 2'); // who may act as somebody else
    assert.equal(asked(), 4);
  });

  test('is worked out when the server refuses, who is asked again', async () => {
    const { predict, asked, refuse } = world();
    const live = configMap('live');
    refuse(true);
    const local = await predict(configMap('wanted'), live);
    assert.deepEqual([local?.['data'], local?.['set']], [{ value: 'wanted' }, undefined]);
    refuse(false);
    assert.equal((await predict(configMap('wanted'), live))?.['set'], 'by the server');
    assert.equal(asked(), 2);
  });
});
