import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { isStoppable, stopPatch } from './stop-hook.ts';

const object = (apiVersion: string, kind: string, spec?: object): KubeObject =>
  ({ apiVersion, kind, metadata: { name: 'a', uid: 'u' }, ...(spec && { spec }) }) as KubeObject;

const cases = [
  ['a Job', object('batch/v1', 'Job', { parallelism: 1 }), { activeDeadlineSeconds: 1 }],
  [
    'one with a later deadline',
    object('batch/v1', 'Job', { activeDeadlineSeconds: 600 }),
    { activeDeadlineSeconds: 1 },
  ],
  ['a Pod', object('v1', 'Pod'), { activeDeadlineSeconds: 1 }],
  ['an Argo Workflow', object('argoproj.io/v1alpha1', 'Workflow', {}), { shutdown: 'Stop' }],
  ['one that was told', object('batch/v1', 'Job', { activeDeadlineSeconds: 1 }), undefined],
  ['a Job of another group', object('example.com/v1', 'Job', {}), undefined],
  ['what has no common way', object('v1', 'ConfigMap'), undefined],
] as const;

for (const [name, live, spec] of cases)
  test(`${name}: ${spec === undefined ? 'no patch' : JSON.stringify(spec)}`, () =>
    assert.deepEqual(stopPatch(live), spec && { metadata: { uid: 'u' }, spec }));

test('kinds that can be told to stop', () => {
  assert.ok(isStoppable({ group: '', kind: 'Pod' }));
  assert.ok(!isStoppable({ group: 'example.com', kind: 'Database' }));
});
