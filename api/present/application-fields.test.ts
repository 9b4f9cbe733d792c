import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { selectListed } from './application-fields.ts';

const APP = {
  metadata: { name: 'a', namespace: 'argocd', resourceVersion: '7', uid: 'u' },
  spec: { project: 'p', source: { repoURL: 'r' }, destination: { server: 's' }, info: [] },
  status: {
    health: { status: 'Healthy' },
    sync: { status: 'Synced', revision: 'c', comparedTo: {} },
    history: [],
    operationState: { phase: 'Succeeded', message: 'm', operation: { sync: { prune: true } } },
  },
};

const cases: readonly (readonly [fields: string | undefined, expected: unknown])[] = [
  [undefined, APP],
  ['items.metadata.name', { metadata: { name: 'a' } }],
  ['items.metadata', { metadata: { name: 'a', namespace: 'argocd' } }],
  ['items.metadata.uid,items.spec.info,items.status.history', {}],
  ['metadata.resourceVersion', {}],
  [
    'items.spec.project,items.status.sync',
    { spec: { project: 'p' }, status: { sync: { status: 'Synced', revision: 'c' } } },
  ],
  [
    'items.status.operationState',
    { status: { operationState: { phase: 'Succeeded', operation: { sync: { prune: true } } } } },
  ],
  ['items.spec', { spec: APP.spec }],
  [
    '-items.metadata,items.status,items.spec.source',
    { spec: { project: 'p', destination: { server: 's' } } },
  ],
];

describe('the fields of an Application in a list', () => {
  for (const [fields, expected] of cases)
    test(`fields=${fields}`, () => {
      assert.deepEqual(JSON.parse(JSON.stringify(selectListed(fields)(APP))), expected);
    });
});
