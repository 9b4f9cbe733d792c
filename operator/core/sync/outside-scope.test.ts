import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outsideScope, type ManagedScope } from './outside-scope.ts';

const configMap = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...(namespace === '' ? {} : { namespace }) },
});
const role = { apiVersion: 'rbac/v1', kind: 'ClusterRole', metadata: { name: 'reader' } };
const everything: ManagedScope = { namespaces: [], clusterResources: false };
const one: ManagedScope = { namespaces: ['one', 'two'], clusterResources: false };
const isNamespaced = ({ kind }: { readonly kind: string }) => kind !== 'ClusterRole';

const cases = [
  { name: 'a cluster that is not scoped', objects: [configMap('x'), role], scope: everything },
  { name: 'namespaces of the scope', objects: [configMap('one'), configMap('two')], scope: one },
  {
    name: 'another namespace',
    objects: [configMap('one'), configMap('three')],
    scope: one,
    refused: 'namespace "three" for ConfigMap "a" is not managed',
  },
  {
    name: 'a cluster-scoped object',
    objects: [role],
    scope: one,
    refused: 'cluster level ClusterRole "reader" can not be managed when in namespaced mode',
  },
  { name: 'one that is allowed', objects: [role], scope: { ...one, clusterResources: true } },
  { name: 'an object without a namespace', objects: [configMap('')], scope: one },
];
for (const { name, objects, scope, refused } of cases)
  test(`scope: ${name} is ${refused === undefined ? 'managed' : 'refused'}`, () =>
    assert.equal(outsideScope(objects, scope, isNamespaced), refused));
