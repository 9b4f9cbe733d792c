import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appKey } from '../core/app/app-key.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { createDependents, isProgress } from './dependents.ts';

const app = (name: string, dependsOn: string, rest: object = {}): KubeObject =>
  ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'a', annotations: { 'tiphys.io/depends-on': dependsOn } },
    ...rest,
  }) as unknown as KubeObject;

test('those that wait are known, and forgotten with the annotation or the Application', () => {
  const dependents = createDependents();
  const of = (name: string) => [...dependents.of(appKey('a', name))];
  dependents.add(app('web', 'db, cache'));
  dependents.add(app('job', 'db'));
  assert.deepEqual(of('db'), ['a/web', 'a/job']);
  const changed = app('web', 'cache');
  dependents.note({
    type: 'applied',
    key: appKey('a', 'web'),
    object: changed,
    previous: undefined,
  });
  assert.deepEqual(of('db'), ['a/job']);
  assert.deepEqual(of('cache'), ['a/web']);
  dependents.note({ type: 'deleted', key: appKey('a', 'web'), object: changed, previous: changed });
  assert.deepEqual(of('cache'), []);
});

test('only what others wait for is progress', () => {
  const key = appKey('a', 'db');
  const before = app('db', '', { spec: 1, status: { sync: { status: 'Synced', revision: 'a' } } });
  const change = (after: object) =>
    isProgress({ type: 'applied', key, object: app('db', '', after), previous: before });
  assert.equal(change({ spec: 1, status: { sync: { status: 'Synced', revision: 'b' } } }), false);
  assert.equal(change({ spec: 2, status: { sync: { status: 'Synced', revision: 'a' } } }), true);
  assert.equal(change({ spec: 1, status: { sync: { status: 'OutOfSync' } } }), true);
  assert.equal(
    change({ spec: 1, status: { sync: { status: 'Synced' }, health: { status: 'Healthy' } } }),
    true,
  );
});
