import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from './kube-object.ts';
import { isNamespacedKind, scopesWith } from './scopes.ts';

const crd = (group: string, kind: string, scope: string): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `x.${group}` },
  spec: { group, names: { kind }, scope },
});

for (const [group, kind, namespaced] of [
  ['', 'Pod', true],
  ['', 'Namespace', false],
  ['apps', 'Deployment', true],
  ['rbac.authorization.k8s.io', 'ClusterRole', false],
  ['extensions', 'Ingress', true],
  ['argoproj.io', 'Application', true],
  ['', 'Deployment', undefined],
  ['example.com', 'Pod', undefined],
  ['constructor', 'name', undefined],
] as const)
  test(`${group}/${kind} is ${namespaced === undefined ? 'not known' : namespaced ? 'namespaced' : 'cluster-scoped'}`, () => {
    assert.equal(isNamespacedKind({ group, kind }), namespaced);
  });

test('a CustomResourceDefinition tells the scope of its kind, and cannot change a built-in one', () => {
  const lookup = scopesWith([
    crd('example.com', 'Zone', 'Cluster'),
    crd('example.com', 'Host', 'Namespaced'),
    crd('', 'Pod', 'Cluster'),
    crd('example.com', 'Odd', 'Galaxy'),
    { ...crd('example.com', 'Bare', 'Cluster'), spec: null },
  ]);
  const seen = ['Zone', 'Host', 'Odd', 'Bare', 'Other'].map((kind) =>
    lookup({ group: 'example.com', kind }),
  );
  assert.deepEqual(seen, [false, true, undefined, undefined, undefined]);
  assert.equal(lookup({ group: '', kind: 'Pod' }), true);
});
