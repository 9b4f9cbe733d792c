import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProjectSpec } from '../app/types.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { findOrphans } from './find-orphans.ts';

const object = (kind: string, name: string, more: object = {}, apiVersion = 'v1'): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop', ...more },
});

const names = (spec: ProjectSpec, objects: readonly KubeObject[]): readonly string[] =>
  findOrphans({
    project: { name: 'web', namespace: 'argocd', spec },
    objects,
    isManaged: ({ metadata }) => metadata.name === 'managed',
  }).map(({ kind, metadata }) => `${kind}/${metadata.name ?? ''}`);

const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u' };
const shop = [
  object('ConfigMap', 'lost'),
  object('Secret', 'token'),
  object('ConfigMap', 'managed'),
  object('ConfigMap', 'kube-root-ca.crt'),
  object('ServiceAccount', 'default'),
  object('Pod', 'owned', { ownerReferences: [owner] }),
];

const cases: readonly (readonly [name: string, ProjectSpec, readonly string[]])[] = [
  ['nobody asked', {}, []],
  ['asked with nothing more', { orphanedResources: {} }, ['ConfigMap/lost', 'Secret/token']],
  [
    'a kind is left out',
    { orphanedResources: { ignore: [{ group: '', kind: 'Secret' }] } },
    ['ConfigMap/lost'],
  ],
  [
    'names are left out',
    { orphanedResources: { ignore: [{ kind: 'Config*', name: 'l*' }] } },
    ['Secret/token'],
  ],
  [
    'another group is not meant',
    { orphanedResources: { ignore: [{ group: 'apps' }] } },
    ['ConfigMap/lost', 'Secret/token'],
  ],
  ['any group', { orphanedResources: { ignore: [{ group: '*' }] } }, []],
  [
    'kinds that the project does not permit',
    { orphanedResources: {}, namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] },
    ['ConfigMap/lost'],
  ],
];
for (const [name, spec, expected] of cases)
  test(name, () => {
    assert.deepEqual(names(spec, shop), expected);
  });

test('what belongs to something by its name alone is not lost', () => {
  const objects = [
    object('Service', 'managed'),
    object('Endpoints', 'managed'),
    object('Endpoints', 'alone'),
    object('StatefulSet', 'managed', {}, 'apps/v1'),
    object('StatefulSet', 'my-db', { ownerReferences: [owner] }, 'apps/v1'),
    object('PersistentVolumeClaim', 'data-my-db-0'),
    object('PersistentVolumeClaim', 'my-db-0'),
    object('PersistentVolumeClaim', 'data-my-db'),
  ];
  assert.deepEqual(names({ orphanedResources: {} }, objects), [
    'Endpoints/alone',
    'PersistentVolumeClaim/my-db-0',
    'PersistentVolumeClaim/data-my-db',
  ]);
});
