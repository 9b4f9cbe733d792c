import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../objects/json.ts';
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

  test('the installation is written beside the id, and one of another is taken away', () => {
    const settings = { ...DEFAULT_TRACKING, installationId: 'one' };
    const annotation = 'argocd.argoproj.io/installation-id';
    const ours = track(service('ui'), 'app', 'prod', settings);
    assert.equal(ours.metadata.annotations?.[annotation], 'one');
    assert.equal(instanceOf(ours, settings), 'app');
    assert.equal(instanceOf(ours, { ...settings, installationId: 'two' }), undefined);
    const none = track(ours, 'app', 'prod', DEFAULT_TRACKING);
    assert.equal(none.metadata.annotations?.[annotation], undefined);
  });

  describe('the label key of the first releases', () => {
    const key = 'applications.argoproj.io/app-name';
    const workload = (apiVersion: string, kind: string, template?: object): KubeObject => ({
      apiVersion,
      kind,
      metadata: { name: 'web' },
      spec: { replicas: 1, ...(template && { template }) } as unknown as JsonObject,
    });
    const labelled = (object: KubeObject, method: 'label' | 'annotation+label' | 'annotation') => {
      const tracked = track(object, 'app', 'prod', { ...DEFAULT_TRACKING, method, labelKey: key });
      const spec = tracked['spec'] as { template?: { metadata?: { labels?: object } } };
      return spec.template?.metadata?.labels;
    };
    const template = { metadata: { labels: { app: 'web' } }, spec: {} };
    for (const [apiVersion, kind] of [
      ['apps/v1', 'Deployment'],
      ['apps/v1', 'StatefulSet'],
      ['apps/v1', 'DaemonSet'],
      ['apps/v1', 'ReplicaSet'],
      ['batch/v1', 'Job'],
    ] as const)
      test(`marks the Pods of a ${kind} too`, () => {
        const object = workload(apiVersion, kind, template);
        assert.deepEqual(labelled(object, 'label'), { app: 'web', [key]: 'app' });
        assert.deepEqual(labelled(object, 'annotation+label'), { app: 'web', [key]: 'app' });
        assert.deepEqual(labelled(object, 'annotation'), { app: 'web' });
        const bare = workload(apiVersion, kind, { spec: {} });
        assert.deepEqual(labelled(bare, 'label'), { [key]: 'app' });
      });

    test('marks no template of others, and no other key marks one', () => {
      const other = workload('example.com/v1', 'Deployment', template);
      assert.deepEqual(labelled(other, 'label'), { app: 'web' });
      assert.equal(labelled(workload('apps/v1', 'Deployment'), 'label'), undefined);
      const settings = { ...DEFAULT_TRACKING, method: 'label' } as const;
      const usual = track(workload('apps/v1', 'Deployment', template), 'app', 'prod', settings);
      assert.deepEqual(usual['spec'], { replicas: 1, template });
    });
  });

  test('a copied mark names another object', () => {
    const original = track(service('ui', { namespace: 'prod' }), 'app', 'prod', DEFAULT_TRACKING);
    const copy = { ...original, metadata: { ...original.metadata, name: 'ui-copy' } };
    assert.equal(isSelfReferenced(original, undefined, DEFAULT_TRACKING), true);
    assert.equal(isSelfReferenced(copy, undefined, DEFAULT_TRACKING), false);
  });
});
