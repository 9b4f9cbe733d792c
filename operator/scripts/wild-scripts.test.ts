import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { JsonObject } from '../core/objects/json.ts';
import type { ScriptHealth } from '../ports/script-engine.ts';
import { healthOfResult } from './lua/health-of-result.ts';
import { createTestLua } from './testing/lua.ts';

/** Scripts in the manner in which people write them, with what they should say. */
interface Script {
  readonly openLibs?: boolean;
  readonly cases: readonly (readonly [string, JsonObject, ScriptHealth])[];
}

const NOW = Date.UTC(2026, 5, 1, 12, 0, 0);
const condition = (type: string, status: string, message = type) => ({ type, status, message });
const conditions = (...list: readonly JsonObject[]) => ({ status: { conditions: list } });

const SCRIPTS: Readonly<Record<string, Script>> = {
  'certificate.lua': {
    cases: [
      ['without status', {}, { status: 'Progressing', message: 'Waiting for certificate' }],
      [
        'with a null status',
        { status: null },
        { status: 'Progressing', message: 'Waiting for certificate' },
      ],
      [
        'with no conditions',
        conditions(),
        { status: 'Progressing', message: 'Waiting for certificate' },
      ],
      [
        'ready',
        conditions(condition('Ready', 'True', 'up to date')),
        { status: 'Healthy', message: 'up to date' },
      ],
      [
        'not ready',
        conditions(condition('Ready', 'False', 'no issuer')),
        { status: 'Degraded', message: 'no issuer' },
      ],
      [
        'issuing beside not ready',
        conditions(condition('Ready', 'False'), condition('Issuing', 'True', 'asking')),
        { status: 'Progressing', message: 'asking' },
      ],
      [
        'a condition without message',
        conditions({ type: 'Ready', status: 'True' }),
        { status: 'Healthy' },
      ],
    ],
  },
  'rollout.lua': {
    cases: [
      ['paused', { spec: { paused: true } }, { status: 'Suspended', message: 'Rollout is paused' }],
      [
        'paused for a reason',
        { spec: {}, status: { pauseConditions: [{ reason: 'CanaryPauseStep' }] } },
        { status: 'Suspended', message: 'Rollout is paused: CanaryPauseStep' },
      ],
      [
        'not observed',
        { metadata: { generation: 3 }, spec: {}, status: { observedGeneration: 2 } },
        { status: 'Progressing', message: 'Waiting for rollout spec update to be observed' },
      ],
      [
        'generations as text and number',
        {
          metadata: { generation: 2 },
          spec: {},
          status: { observedGeneration: '2', updatedReplicas: 1, availableReplicas: 1 },
        },
        { status: 'Healthy' },
      ],
      [
        'updating',
        {
          metadata: { generation: 2 },
          spec: { replicas: 5 },
          status: { observedGeneration: 2, updatedReplicas: 2 },
        },
        { status: 'Progressing', message: '2 out of 5 new replicas have been updated' },
      ],
      [
        'half available',
        {
          metadata: { generation: 2 },
          spec: { replicas: 4 },
          status: { observedGeneration: 2, updatedReplicas: 4, availableReplicas: 2 },
        },
        { status: 'Progressing', message: 'Only 50% are available' },
      ],
      [
        'done',
        {
          metadata: { generation: 2 },
          spec: { replicas: '4' },
          status: { observedGeneration: 2, updatedReplicas: 4, availableReplicas: 4 },
        },
        { status: 'Healthy' },
      ],
    ],
  },
  'crossplane.lua': {
    cases: [
      [
        'a kind without status',
        { kind: 'ProviderConfig' },
        { status: 'Healthy', message: 'Resource is up-to-date.' },
      ],
      [
        'an empty status',
        { kind: 'Bucket', status: {} },
        { status: 'Progressing', message: 'Provisioning Bucket...' },
      ],
      [
        'synced and ready',
        { kind: 'Bucket', ...conditions(condition('Synced', 'True'), condition('Ready', 'True')) },
        { status: 'Healthy', message: 'Resource is up-to-date.' },
      ],
      [
        'not synced',
        {
          kind: 'Bucket',
          ...conditions(condition('Synced', 'False', 'b'), condition('Synced', 'False', 'a')),
        },
        { status: 'Degraded', message: 'a; b' },
      ],
      [
        'an operation failed',
        { kind: 'Bucket', ...conditions(condition('LastAsyncOperation', 'False', 'denied')) },
        { status: 'Degraded', message: 'denied' },
      ],
      [
        'not ready yet',
        { kind: 'Bucket', ...conditions(condition('Ready', 'False')) },
        { status: 'Progressing', message: 'Provisioning Bucket...' },
      ],
    ],
  },
  'lease.lua': {
    openLibs: true,
    cases: [
      ['without a time', { spec: {} }, undefined],
      [
        'renewed',
        { spec: { renewTime: '2026-06-01T11:59:50.123456Z', holderIdentity: 'a' } },
        { status: 'Healthy', message: 'held by a' },
      ],
      [
        'expired',
        { spec: { renewTime: '2026-06-01T11:30:00Z', leaseDurationSeconds: 60 } },
        { status: 'Degraded', message: 'not renewed for 1800 s, since 11:30' },
      ],
    ],
  },
  'cluster.lua': {
    openLibs: true,
    cases: [
      [
        'ready',
        { spec: { version: 'v1.30.2' }, status: { phase: 'ready' } },
        { status: 'Healthy', message: 'Ready' },
      ],
      ['no phase', { spec: { version: '1.30' }, status: {} }, undefined],
      [
        'old',
        { spec: { version: 'v1.19' }, status: {} },
        { status: 'Suspended', message: 'version 1.19 is 1 behind' },
      ],
      [
        'full disks',
        {
          spec: { version: 'v1.30' },
          status: {
            pools: [
              { name: 'a' },
              { name: 'b', nodes: [{ disk: '20Gi' }, { disk: '120.5Gi' }, {}] },
            ],
          },
        },
        { status: 'Degraded', message: 'b/02: 120.5Gi' },
      ],
    ],
  },
};

const run = createTestLua({}, NOW);

for (const [file, { cases, openLibs = false }] of Object.entries(SCRIPTS)) {
  describe(file, () => {
    const source = readFileSync(join(import.meta.dirname, 'testdata', file), 'utf8');
    for (const [name, obj, expected] of cases)
      test(name, () => {
        const outcome = run(source, { obj, openLibs });
        if (outcome.type !== 'value') assert.fail(outcome.reason);
        assert.deepEqual(healthOfResult(outcome.value), { type: 'value', value: expected });
      });
  });
}

describe('what a script returned is read as health', () => {
  const invalid = { status: 'Unknown', message: 'Lua returned an invalid health status' };
  const cases: readonly [string, object][] = [
    ['return nil', { type: 'value', value: undefined }],
    ['', { type: 'value', value: undefined }],
    ['return {}', { type: 'value', value: undefined }],
    ['return {status = "Missing"}', { type: 'value', value: { status: 'Missing' } }],
    [
      'return {status = "Unknown", message = ""}',
      { type: 'value', value: { status: 'Unknown', message: '' } },
    ],
    ['return {status = "healthy"}', { type: 'value', value: invalid }],
    ['return {status = 1}', { type: 'value', value: invalid }],
    ['return {message = "x"}', { type: 'value', value: invalid }],
    [
      'return "Healthy"',
      { type: 'failed', kind: 'run', reason: 'expect table output from Lua script, not string' },
    ],
    [
      'return true',
      { type: 'failed', kind: 'run', reason: 'expect table output from Lua script, not boolean' },
    ],
    [
      'return print',
      { type: 'failed', kind: 'run', reason: 'expect table output from Lua script, not function' },
    ],
    [
      'return {"Healthy"}',
      { type: 'failed', kind: 'run', reason: 'expect a table with status and message, not a list' },
    ],
    [
      'return {status = "Healthy", message = {}}',
      { type: 'failed', kind: 'run', reason: 'expect a text as message, not a table' },
    ],
  ];
  for (const [source, expected] of cases)
    test(source, () => {
      const outcome = run(source);
      if (outcome.type !== 'value') assert.fail(outcome.reason);
      assert.deepEqual(healthOfResult(outcome.value), expected);
    });
});
