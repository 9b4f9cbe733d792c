import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../objects/kube-object.ts';
import {
  DEFAULT_TRACKING,
  formatTrackingId,
  instanceOf,
  isSelfReferenced,
  parseTrackingId,
  track,
  TRACKING_ANNOTATION,
} from './tracking.ts';

const service = (name: string, extra: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, ...extra },
});

describe('tracking id', () => {
  const written = [
    { name: 'core kinds have an empty group', object: service('ui'), id: 'app:/Service:prod/ui' },
    {
      name: 'the own namespace wins over the destination',
      object: service('ui', { namespace: 'other' }),
      id: 'app:/Service:other/ui',
    },
    {
      name: 'cluster-scoped objects carry the destination namespace',
      object: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'reader' },
      },
      id: 'app:rbac.authorization.k8s.io/ClusterRole:prod/reader',
    },
  ];
  for (const c of written)
    test(c.name, () => {
      const tracked = track(c.object, 'app', 'prod', DEFAULT_TRACKING);
      assert.equal(tracked.metadata.annotations?.[TRACKING_ANNOTATION], c.id);
      assert.equal(instanceOf(tracked, DEFAULT_TRACKING), 'app');
    });

  const untracked = ['', 'app', 'app:Service:ns/n', 'app:/Service:n', 'app:/Service:a/b/c'];
  for (const text of untracked)
    test(`"${text}" is no tracking id`, () => assert.equal(parseTrackingId(text), undefined));

  test('names may contain colons', () =>
    assert.equal(
      parseTrackingId('app:rbac.authorization.k8s.io/ClusterRole:ns/system:x')?.name,
      'system:x',
    ));

  test('what is written is read again', () => {
    const part = fc.stringMatching(/^[a-z0-9.-]*$/);
    fc.assert(
      fc.property(part, part, part, part, part, (instance, group, kind, namespace, name) => {
        const id = { instance, group, kind, namespace, name };
        assert.deepEqual(parseTrackingId(formatTrackingId(id)), id);
      }),
    );
  });

  test('CRDs are never marked', () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'x.example.com' },
    };
    assert.equal(track(crd, 'app', 'prod', DEFAULT_TRACKING), crd);
  });

  test('an object with an owner belongs to no application directly', () => {
    const owned = track(
      service('ui', { ownerReferences: [{ uid: 'u' }] }),
      'app',
      'p',
      DEFAULT_TRACKING,
    );
    assert.equal(instanceOf(owned, DEFAULT_TRACKING), undefined);
  });

  test('long instance names are cut for the label, and not for the annotation', () => {
    const long = `${'a'.repeat(62)}_${'b'.repeat(10)}`;
    const settings = { ...DEFAULT_TRACKING, method: 'annotation+label' } as const;
    const tracked = track(service('ui'), long, 'prod', settings);
    assert.equal(tracked.metadata.labels?.[settings.labelKey], 'a'.repeat(62));
    assert.equal(instanceOf(tracked, settings), long);
  });

  test('a copied mark names another object', () => {
    const original = track(service('ui', { namespace: 'prod' }), 'app', 'prod', DEFAULT_TRACKING);
    const copy = { ...original, metadata: { ...original.metadata, name: 'ui-copy' } };
    assert.equal(isSelfReferenced(original, undefined, DEFAULT_TRACKING), true);
    assert.equal(isSelfReferenced(copy, undefined, DEFAULT_TRACKING), false);
  });
});
