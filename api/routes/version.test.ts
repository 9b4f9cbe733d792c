import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControlPlane } from '../../operator/services/index.ts';
import { versionRoutes } from './version.ts';

const BUILD = {
  buildDate: '2026-01-02T03:04:05Z',
  gitCommit: 'c0ffee',
  gitTag: 'v1.2.3',
  gitTreeState: 'clean',
  extraBuildInfo: 'nightly',
};

for (const [who, caller, known] of [
  ['a stranger', undefined, {}],
  [
    'who signed in',
    { subject: 'me' },
    {
      BuildDate: BUILD.buildDate,
      GitCommit: 'c0ffee',
      GitTag: 'v1.2.3',
      GitTreeState: 'clean',
      Compiler: 'node v24.0.0',
      Platform: 'linux/arm64',
      ExtraBuildInfo: 'nightly',
    },
  ],
] as const)
  test(`${who} is told of the version what is theirs`, async () => {
    const [version] = versionRoutes({
      ...{ version: '1.2.3', platform: 'linux/arm64', runtime: 'node v24.0.0' },
      build: BUILD,
    });
    const ports = { generators: { generators: [] }, allowsAnonymous: () => false };
    const request = { requester: { caller }, params: {}, search: new URLSearchParams() };
    const answer = await version?.answer(
      request as unknown as Parameters<typeof version.answer>[0],
      { ports } as unknown as ControlPlane,
    );
    assert.deepEqual(answer, { type: 'json', value: { Version: '1.2.3', ...known } });
  });
