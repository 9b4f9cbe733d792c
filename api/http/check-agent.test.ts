import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAgent } from './check-agent.ts';

for (const agent of [
  undefined,
  'curl/8.5.0',
  'Mozilla/5.0 (X11; Linux x86_64)',
  'argocd-client/v1.4.0 grpc-go/1.15.0',
  'argocd-client/v3.1.0+abc123',
  'argocd-client/2.0.0-rc1',
  'argocd-client/v1.10.0',
])
  test(`answers ${agent ?? 'nobody in particular'}`, () => {
    checkAgent(agent);
  });

for (const [agent, code] of [
  ['argocd-client/v1.3.9 grpc-go/1.15.0', 'NotPossibleNow'],
  ['argocd-client/v0.12.3', 'NotPossibleNow'],
  ['argocd-client/', 'InvalidRequest'],
  ['argocd-client/latest', 'InvalidRequest'],
  ['argocd-client/v1.4', 'InvalidRequest'],
  [`argocd-client/v${'9'.repeat(400)}.1.1`, 'InvalidRequest'],
] as const)
  test(`refuses ${agent.slice(0, 40)}`, () => {
    assert.throws(() => checkAgent(agent), { code });
  });
