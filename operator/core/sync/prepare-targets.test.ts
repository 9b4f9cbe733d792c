import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { DEFAULT_TRACKING } from '../tracking/tracking.ts';
import { prepareTargets } from './prepare-targets.ts';

const options = {
  namespace: 'prod',
  instance: 'web',
  tracking: DEFAULT_TRACKING,
  isNamespaced: () => true,
};
const lease = (metadata: object): KubeObject =>
  ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata }) as KubeObject;
const map: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' } };

test('kinds that the settings leave alone are no targets, neither as hooks, and each is told', () => {
  const hook = { 'argocd.argoproj.io/hook': 'PreSync' };
  const manifests = [lease({ name: 'a' }), map, lease({ generateName: 'b-', annotations: hook })];
  const isExcluded = ({ kind }: { readonly kind: string }) => kind === 'Lease';
  const { resources, hooks, kept, warnings } = prepareTargets(manifests, {
    ...options,
    isExcluded,
  });
  assert.deepEqual(
    [...resources.values()].map(({ kind }) => kind),
    ['ConfigMap'],
  );
  assert.deepEqual([hooks.length, kept.size], [0, 0]);
  assert.deepEqual(
    warnings.map(({ type, message }) => [type, message]),
    [
      [
        'ExcludedResourceWarning',
        'Resource coordination.k8s.io/Lease a is excluded in the settings',
      ],
      [
        'ExcludedResourceWarning',
        'Resource coordination.k8s.io/Lease b- is excluded in the settings',
      ],
    ],
  );
  const all = prepareTargets(manifests, options);
  assert.deepEqual([all.resources.size, all.hooks.length, all.warnings.length], [2, 1, 0]);
});
