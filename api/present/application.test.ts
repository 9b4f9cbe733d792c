import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../operator/index.ts';
import { presentApplication, presentSpec } from './application.ts';

const HEAD = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };

test('a blank Application has the parts that Go always writes', () => {
  assert.deepEqual(presentApplication({ ...HEAD, metadata: { name: 'a' } }), {
    metadata: { creationTimestamp: null, name: 'a' },
    spec: { destination: {}, project: '' },
    status: {
      health: {},
      summary: {},
      sync: { status: '', comparedTo: { source: { repoURL: '' }, destination: {} } },
    },
  });
});

test('what is false, zero or empty is left out, but where it means something', () => {
  const app = {
    ...HEAD,
    metadata: {
      name: 'a',
      labels: {},
      annotations: { note: '' },
      finalizers: [],
      managedFields: [{ manager: 'tiphys' }],
    },
    spec: {
      project: 'p',
      destination: { server: 's', namespace: '' },
      revisionHistoryLimit: 0,
      source: {
        repoURL: 'r',
        helm: {
          skipCrds: false,
          values: '',
          valuesObject: { replicas: 0, on: false, empty: {} },
          parameters: [{ name: 'x', value: '' }],
        },
      },
      syncPolicy: { automated: { prune: false, enabled: false }, syncOptions: [] },
    },
    status: { history: [{ id: 0, revision: 'c' }], resources: [], health: { status: 'Healthy' } },
    operation: null,
  } as unknown as KubeObject;
  const { metadata, spec, status, operation } = presentApplication(app);
  assert.deepEqual(metadata, { creationTimestamp: null, name: 'a', annotations: { note: '' } });
  assert.deepEqual(spec, {
    project: 'p',
    destination: { server: 's', namespace: '' },
    revisionHistoryLimit: 0,
    source: {
      repoURL: 'r',
      helm: {
        valuesObject: { replicas: 0, on: false, empty: {} },
        parameters: [{ name: 'x', value: '' }],
      },
    },
    syncPolicy: { automated: { enabled: false } },
  });
  assert.deepEqual((status as { history?: unknown }).history, [{ id: 0, revision: 'c' }]);
  assert.equal(Object.hasOwn(status as object, 'resources'), false);
  assert.equal(operation, undefined);
  assert.equal(presentSpec(app), spec);
});

test('an automated policy that says nothing is still one', () => {
  const spec = { project: 'p', syncPolicy: { automated: {} } };
  assert.deepEqual(presentSpec({ ...HEAD, metadata: {}, spec }), {
    destination: {},
    project: 'p',
    syncPolicy: { automated: {} },
  });
});

test('manifests of an operation are shown without what Secrets hold', () => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    stringData: { password: 'canary-1' },
    data: { key: 'Y2FuYXJ5LTI=' },
  };
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm' },
    data: { a: 'shown' },
  };
  const list = { apiVersion: 'v1', kind: 'List', items: [secret, map, 'canary-3'] };
  const manifests = [secret, map, list].map((object) => JSON.stringify(object));
  const operation = {
    sync: { manifests: [...manifests, 'canary-4 {', '"canary-5"'], prune: true },
  };
  const app = {
    ...{ ...HEAD, metadata: { name: 'a' }, spec: {}, operation },
    status: { operationState: { phase: 'Running', operation } },
  } as unknown as KubeObject;
  const shown = presentApplication(app);
  assert.doesNotMatch(JSON.stringify(shown), /canary|Y2FuYXJ5/);
  const { sync } = shown['operation'] as unknown as typeof operation;
  assert.equal(sync.prune, true);
  assert.equal(sync.manifests[1], JSON.stringify(map));
  assert.match(sync.manifests[0] ?? '', /"kind":"Secret".*"password":"\+{8,}"/);
  const { status } = shown as unknown as { status: { operationState: { operation: object } } };
  assert.deepEqual(status.operationState.operation, shown['operation']);
});
