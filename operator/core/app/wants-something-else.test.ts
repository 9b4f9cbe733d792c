import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { wantsSomethingElse } from './wants-something-else.ts';

const app: KubeObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'a', namespace: 'argocd', uid: '1', resourceVersion: '5' },
  spec: { project: 'default' },
  status: { operationState: { phase: 'Running' }, sync: { status: 'Synced' } },
};
const { metadata } = app;

const CASES: readonly [string, KubeObject | undefined, boolean][] = [
  ['the same object', app, false],
  ['a copy', structuredClone(app), false],
  ['other labels', { ...app, metadata: { ...metadata, resourceVersion: '6', labels: {} } }, false],
  ['another sync status', { ...app, status: { operationState: { phase: 'Running' } } }, false],
  ['it is gone', undefined, true],
  ['another of that name', { ...app, metadata: { ...metadata, uid: '2' } }, true],
  ['it goes', { ...app, metadata: { ...metadata, deletionTimestamp: 'now' } }, true],
  ['another spec', { ...app, spec: { project: 'other' } }, true],
  ['an operation', { ...app, operation: { sync: {} } }, true],
  ['it is terminated', { ...app, status: { operationState: { phase: 'Terminating' } } }, true],
  ['no status', { ...app, status: {} }, true],
];

for (const [what, now, expected] of CASES)
  test(`wants something else: ${what}: ${expected}`, () =>
    assert.equal(wantsSomethingElse(app, now), expected));
