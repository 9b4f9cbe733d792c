import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComparedResource } from '../../core/app/compared-resource.ts';
import { idOf, keyOf, type KubeObject } from '../../core/objects/kube-object.ts';
import { showManaged } from './managed-resource.ts';

const CANARY = 'canary-that-nobody-may-see';
const map = (value: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'web', ...more },
  data: { value },
});

function shown(
  target: KubeObject | undefined,
  live: KubeObject | undefined,
  type: 'equal' | 'different' | 'missing' | 'extra',
  predicted?: KubeObject,
  hook = false,
) {
  const object = target ?? live;
  assert.ok(object !== undefined);
  const comparison = type === 'different' ? { type, paths: ['data'], certain: false } : { type };
  const resource = {
    ...{ key: keyOf(object), id: idOf(object), target, live, comparison },
    ...{ hook, owned: false, selfReferenced: true, health: undefined, permitted: true },
    ...{ sharedWith: undefined, ruleFailure: undefined, paths: [] },
  } as ComparedResource;
  const options = { normalise: {}, sensitiveAnnotations: ['hidden.example/key'] };
  const found = showManaged(resource, { live, predicted }, options);
  const dataOf = (state: string) => {
    const { data } = (JSON.parse(state) ?? {}) as { data?: Record<string, string> };
    return data && Object.values(data);
  };
  return {
    found,
    text: JSON.stringify(found),
    modified: found.modified === true,
    states: [
      found.targetState,
      found.liveState,
      found.normalizedLiveState,
      found.predictedLiveState,
    ].map((state) => (state === 'null' ? null : dataOf(state))),
  };
}

const [one, two] = [['one'], ['two']];

test('what is equal is predicted to stay', () => {
  const { states, modified } = shown(map('one'), map('one', { uid: 'u' }), 'equal');
  assert.deepEqual([states, modified], [[one, one, one, one], false]);
});

test('each has all of its fields, and none that says nothing', () => {
  const web: KubeObject = { ...map('one', { resourceVersion: '7' }), apiVersion: 'apps/v1' };
  const text = '{"apiVersion":"apps/v1","data":{"value":"one"},"kind":"ConfigMap","metadata":';
  const bare = `${text}{"name":"a","namespace":"web"}}`;
  const { resourceVersion: _version, ...metadata } = web.metadata;
  const { found } = shown({ ...web, metadata }, web, 'different', { ...web, metadata }, true);
  const { liveState, ...rest } = found;
  assert.deepEqual(rest, {
    ...{ group: 'apps', kind: 'ConfigMap', namespace: 'web', name: 'a' },
    ...{ targetState: bare, normalizedLiveState: bare, predictedLiveState: bare },
    ...{ hook: true, resourceVersion: '7', modified: true },
  });
  assert.equal((JSON.parse(liveState) as KubeObject).metadata.resourceVersion, '7');
  const cluster = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } };
  assert.deepEqual(Object.keys(shown(cluster, cluster, 'equal').found), [
    ...['kind', 'name', 'targetState', 'liveState', 'normalizedLiveState', 'predictedLiveState'],
  ]);
});

test('what differs shows what an apply would make of it', () => {
  const { states, modified } = shown(map('two'), map('one'), 'different', map('two'));
  assert.deepEqual([states, modified], [[two, one, one, two], true]);
});

test('what is missing has no live state, and what is too much no desired one', () => {
  const missing = shown(map('one'), undefined, 'missing', map('one'));
  assert.deepEqual([missing.states, missing.modified], [[one, null, null, one], true]);
  const extra = shown(undefined, map('one'), 'extra');
  assert.deepEqual([extra.states, extra.modified], [[null, one, one, null], false]);
});

test('of a Secret every value is a mask, the same one alike in all states', () => {
  const secret = (field: 'data' | 'stringData', value: string): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: {
      ...{ name: 's', namespace: 'web' },
      annotations: {
        'hidden.example/key': CANARY,
        'kubectl.kubernetes.io/last-applied-configuration': CANARY,
      },
    },
    [field]: { value },
  });
  const [target, live] = [secret('stringData', CANARY), secret('data', btoa(CANARY))];
  const same = shown(target, live, 'equal');
  assert.deepEqual(same.states, Array(4).fill(['++++++++']));
  const other = shown(secret('stringData', 'x'), live, 'different', secret('data', btoa('x')));
  assert.deepEqual(other.states, [['++++++++'], ['++++++++++++'], ['++++++++++++'], ['++++++++']]);
  for (const { text } of [same, other])
    assert.ok(!text.includes(CANARY) && !text.includes(btoa(CANARY)), text);
});

test('manifests in the operation of an Application are hidden', () => {
  const app: KubeObject = {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
    metadata: { name: 'child', namespace: 'argocd' },
    operation: { sync: { manifests: [CANARY] } },
    status: { operationState: { operation: { sync: { manifests: [CANARY] } } } },
  };
  assert.ok(!shown(app, app, 'equal').text.includes(CANARY));
});
