import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TiphysError } from '../../core/errors.ts';
import type { GroupKind, KubeObject } from '../../core/objects/kube-object.ts';
import { childrenIn } from './children-in.ts';
import { deepen } from './deployed.ts';

const signal = AbortSignal.timeout(10_000);

test('a kind that may not be listed keeps nothing else from being shown', async () => {
  const asked: string[] = [];
  const live = {
    depthOf: ({ kind }: GroupKind) => (kind === 'Pod' ? 'full' : 'metadata') as 'full' | 'metadata',
    async ensure(kinds: readonly GroupKind[]) {
      asked.push(...kinds.map(({ kind }) => kind));
      if (kinds.some(({ kind }) => kind === 'Node'))
        throw new TiphysError('KubeForbidden', 'nodes may not be listed');
    },
  } as Parameters<typeof deepen>[1];
  const kinds = ['Node', 'Pod', 'ConfigMap', 'Node'].map((kind) => ({ group: '', kind }));
  await deepen(kinds, live, signal);
  assert.deepEqual(asked, ['Node', 'ConfigMap']);
  const stopped = AbortSignal.abort(new Error('the client left'));
  await assert.rejects(deepen(kinds, live, stopped), /the client left/);
});

function object(kind: string, name: string, more: object = {}, metadata: object = {}): KubeObject {
  const group = kind === 'StatefulSet' ? 'apps/v1' : 'v1';
  const about = { name, namespace: 'web', uid: `uid-${name}`, ...metadata };
  return { apiVersion: group, kind, metadata: about, ...more } as KubeObject;
}

function childrenOf(parent: KubeObject, others: readonly KubeObject[]): readonly string[] {
  const live = {
    get: (key: string) =>
      others.find(({ kind, metadata }) => key === `/${kind}/web/${metadata.name}`),
    inNamespace: () => others,
    ownedBy: (uid: string) =>
      others.filter(({ metadata }) =>
        (metadata.ownerReferences ?? []).some((owner) => owner.uid === uid),
      ),
  };
  return childrenIn(live, parent).map(({ metadata }) => metadata.name ?? '');
}

const owned = (by: object) => ({
  ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'uid-web', ...by }],
});

test('an owner counts by its uid, kind and name together', () => {
  const service = object('Service', 'web');
  const others = [
    object('ConfigMap', 'mine', {}, owned({})),
    object('ConfigMap', 'lies', {}, owned({ kind: 'Secret' })),
    object('ConfigMap', 'also-lies', {}, owned({ name: 'other' })),
  ];
  assert.deepEqual(childrenOf(service, others), ['mine']);
});

test('Endpoints, tokens and claims belong to what their name tells, unless they have an owner', () => {
  const annotations = { 'kubernetes.io/service-account.name': 'web' };
  const others = [
    object('Endpoints', 'web'),
    object('Secret', 'token', {}, { annotations }),
    object('Secret', 'owned-token', {}, { annotations, ...owned({ uid: 'x' }) }),
    object('PersistentVolumeClaim', 'data-web-0'),
    object('PersistentVolumeClaim', 'data-web-x'),
    object('PersistentVolumeClaim', 'data-webs-0'),
  ];
  assert.deepEqual(childrenOf(object('Service', 'web'), others), ['web']);
  assert.deepEqual(childrenOf(object('ServiceAccount', 'web'), others), ['token']);
  const spec = { volumeClaimTemplates: [{ metadata: { name: 'data' } }] };
  assert.deepEqual(childrenOf(object('StatefulSet', 'web', { spec }), others), ['data-web-0']);
});
