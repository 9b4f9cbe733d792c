import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resourceKey, type KubeObject } from '../objects/kube-object.ts';
import type { ComparedResource } from './compared-resource.ts';
import { overallSyncStatus, syncStatusOf } from './resource-status.ts';
import { syncReasonOf } from './sync-reason.ts';

const id = { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'a' };
const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };

const compared = (more: Partial<ComparedResource>): ComparedResource => ({
  key: resourceKey(id),
  id,
  target: object,
  live: object,
  comparison: { type: 'equal' },
  owned: true,
  selfReferenced: true,
  hook: false,
  health: undefined,
  permitted: true,
  ruleFailure: undefined,
  sharedWith: undefined,
  paths: [],
  ...more,
});

const different = (...paths: readonly string[]): Partial<ComparedResource> => ({
  comparison: { type: 'different', paths, certain: false },
  paths,
});

const cases: readonly {
  readonly name: string;
  readonly resource: Partial<ComparedResource>;
  readonly reason: string | undefined;
  readonly status: string | undefined;
  readonly overall: string;
}[] = [
  { name: 'equal', resource: {}, reason: undefined, status: 'Synced', overall: 'Synced' },
  {
    name: 'missing',
    resource: { comparison: { type: 'missing' } },
    reason: 'is missing in the cluster',
    status: 'OutOfSync',
    overall: 'OutOfSync',
  },
  {
    name: 'extra',
    resource: { comparison: { type: 'extra' } },
    reason: 'is not in the source any more',
    status: 'OutOfSync',
    overall: 'OutOfSync',
  },
  {
    name: 'different',
    resource: different('spec.a', 'spec.b'),
    reason: 'differs in spec.a, spec.b',
    status: 'OutOfSync',
    overall: 'OutOfSync',
  },
  {
    name: 'different in many fields, some of them long',
    resource: different('a'.repeat(500), 'b', 'c', 'd', 'e'),
    reason: `differs in ${'a'.repeat(119)}…, b, c and 2 more`,
    status: 'OutOfSync',
    overall: 'OutOfSync',
  },
  {
    name: 'different, but a rule that might have left it out does not work',
    resource: { ...different('spec.a'), ruleFailure: 'jq …' },
    reason: 'not decided, see IgnoreDifferencesWarning',
    status: 'Unknown',
    overall: 'Unknown',
  },
  {
    name: 'equal although a rule does not work',
    resource: { ruleFailure: 'jq …' },
    reason: undefined,
    status: 'Synced',
    overall: 'Synced',
  },
  {
    name: 'left alone',
    resource: {
      ...different('spec.a'),
      held: { reason: 'heal-loop', message: 'self-heal stopped', detail: '…' },
    },
    reason: 'differs in spec.a; self-heal stopped',
    status: 'OutOfSync',
    overall: 'OutOfSync',
  },
  {
    name: 'forbidden',
    resource: { permitted: false },
    reason: 'the project does not permit it',
    status: 'Unknown',
    overall: 'Synced',
  },
  {
    name: 'a hook has no sync status',
    resource: { ...different('spec.a'), hook: true },
    reason: undefined,
    status: undefined,
    overall: 'Synced',
  },
  {
    name: 'nor has a copy of a mark',
    resource: { comparison: { type: 'extra' }, selfReferenced: false },
    reason: undefined,
    status: undefined,
    overall: 'Synced',
  },
];

describe('why an object is not Synced', () => {
  for (const { name, resource, reason, status, overall } of cases)
    test(name, () => {
      assert.equal(syncReasonOf(compared(resource)), reason);
      assert.equal(syncStatusOf(compared(resource)), status);
      assert.equal(overallSyncStatus([compared({}), compared(resource)]), overall);
    });
});
