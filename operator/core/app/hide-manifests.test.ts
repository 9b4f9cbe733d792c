import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hideManifests } from './hide-manifests.ts';

const operation = { sync: { revision: 'a', manifests: ['{"kind":"Secret"}', 'x'] } };
const app = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web' },
  operation,
  status: { health: {}, operationState: { phase: 'Running', operation } },
};

test('manifests that somebody synced are hidden wherever an Application has them', () => {
  const shown = { sync: { revision: 'a', manifests: ['***', '***'] } };
  assert.deepEqual(hideManifests(app), {
    ...app,
    operation: shown,
    status: { health: {}, operationState: { phase: 'Running', operation: shown } },
  });
});

test('what has none, or is another kind, is as it was', () => {
  const bare = { ...app, operation: { sync: {} }, status: 'odd' };
  assert.deepEqual(hideManifests(bare), bare);
  const other = { ...app, apiVersion: 'example.io/v1' };
  assert.equal(hideManifests(other), other);
});
