import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOBODY } from '../core/access/requester.ts';
import type { Occurrence } from '../ports/telemetry.ts';
import { recordMutation } from './audit.ts';

const OBJECT = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'shop', namespace: 'argocd', uid: 'u-1', resourceVersion: '7', labels: {} },
};

for (const [username, message] of [
  ['alice@example.com', 'alice@example.com created application'],
  ['', 'somebody without a token created application'],
] as const)
  test(`a mutation becomes an Event on its object that says: ${message}`, () => {
    const published: Occurrence[] = [];
    recordMutation(
      { publish: (occurrence) => published.push(occurrence) },
      { ...NOBODY, username },
      { reason: 'ResourceCreated', object: OBJECT, what: 'created application' },
    );
    const { apiVersion, kind, metadata } = OBJECT;
    const { labels: _labels, ...address } = metadata;
    assert.deepEqual(published, [
      {
        type: 'Normal',
        reason: 'ResourceCreated',
        message,
        object: { apiVersion, kind, ...address },
      },
    ]);
  });
