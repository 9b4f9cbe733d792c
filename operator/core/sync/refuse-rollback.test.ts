import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../objects/json.ts';
import { parseApplication } from '../app/parse.ts';
import type { Operation, OperationState, SyncResult } from '../app/types.ts';
import { refuseRollback } from './refuse-rollback.ts';

const source = { repoURL: 'https://example.com/r', path: 'app', targetRevision: 'main' };
const chart = { ...source, helm: { releaseName: 'old' } };
const at = '2026-01-01T00:00:00Z';

function app(automated: JsonObject | undefined) {
  const parsed = parseApplication({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd' },
    spec: {
      project: 'default',
      source,
      destination: { server: 'https://kubernetes.default.svc', namespace: 'web' },
      ...(automated === undefined ? {} : { syncPolicy: { automated } }),
    },
    status: {
      sync: { status: 'Synced', revision: 'two' },
      history: [
        { id: 0, revision: 'one', source, deployedAt: at },
        { id: 1, revision: 'two', source: chart, deployedAt: at },
        { id: 2, revision: 'two', source, deployedAt: at },
      ],
    },
  });
  assert.equal(parsed.type, 'ok');
  return parsed.application;
}

const state = (syncResult: SyncResult, operation: Operation = {}): OperationState => ({
  operation,
  phase: 'Running',
  startedAt: at,
  syncResult,
});

const MESSAGE = /^rollback cannot be initiated when auto-sync is enabled: .* or revert in Git$/;

for (const { name, automated, asked, refused } of [
  {
    name: 'an earlier revision',
    automated: {},
    asked: state({ revision: 'one', source }),
    refused: true,
  },
  {
    name: 'an earlier source at the same revision',
    automated: {},
    asked: state({ revision: 'two', source: chart }),
    refused: true,
  },
  {
    name: 'what is deployed',
    automated: {},
    asked: state({ revision: 'two', source }),
    refused: false,
  },
  {
    name: 'a revision that never was',
    automated: {},
    asked: state({ revision: 'three', source }),
    refused: false,
  },
  {
    name: 'only as a dry run',
    automated: {},
    asked: state({ revision: 'one', source }, { sync: { dryRun: true } }),
    refused: false,
  },
  {
    name: 'by automated sync itself, after a revert',
    automated: {},
    asked: state({ revision: 'one', source }, { initiatedBy: { automated: true } }),
    refused: false,
  },
  {
    name: 'with auto-sync turned off',
    automated: { enabled: false },
    asked: state({ revision: 'one', source }),
    refused: false,
  },
  {
    name: 'without auto-sync',
    automated: undefined,
    asked: state({ revision: 'one', source }),
    refused: false,
  },
])
  test(`going back to ${name} is ${refused ? 'refused' : 'let pass'}`, () => {
    const answer = refuseRollback(app(automated), asked);
    if (refused) assert.match(answer ?? '', MESSAGE);
    else assert.equal(answer, undefined);
  });
