import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExplainedHydration, Explanation } from '../explain-application.ts';
import type { CommandIo } from './command.ts';
import { writeExplanation } from './write-explanation.ts';

const DRY = '41f2aaaaaaaaaaaaaaaa';
const NEVER: ExplainedHydration = {
  drySource: { repoURL: 'https://git.example/apps', path: 'web', targetRevision: 'main' },
  branch: 'env/dev',
  ...{ phase: '', message: '', dryRevision: '', hydratedRevision: '' },
  ...{ startedAt: '', finishedAt: '', comparedRevision: '' },
};
const BEGUN = { ...NEVER, startedAt: '10:00', dryRevision: DRY };
const DONE = {
  ...{ ...BEGUN, phase: 'Hydrated', finishedAt: '10:01', comparedRevision: DRY },
  hydratedRevision: '9c0ebbbbbbbbbbbbbbbb',
};

const EXPLANATION: Explanation = {
  ...{ application: 'argocd/web', project: 'default', sources: [], destination: 'here' },
  ...{ sync: 'Synced', health: { status: 'Healthy' }, conditions: [], resources: [], fine: 0 },
  ...{ lastOperation: undefined, decision: { type: 'idle', reason: 'Synced' }, nextStep: '' },
};

function written(hydration?: ExplainedHydration): readonly string[] {
  let text = '';
  const stdout = { write: (more: string) => void (text += more) };
  writeExplanation({ stdout } as unknown as CommandIo, {
    ...EXPLANATION,
    ...(hydration && { hydration }),
  });
  return text.split('\n').filter((line) => /^(Dry source|Hydration)/.test(line));
}

test('hydration is nothing to tell of who has none', () => {
  assert.deepEqual(written(), []);
});

for (const [hydration, told] of [
  [NEVER, 'to env/dev, never'],
  [
    { ...BEGUN, phase: 'Hydrating', message: 'committing it' },
    'to env/dev, Hydrating since 10:00 of 41f2aaaaaaaa: committing it',
  ],
  [DONE, 'to env/dev = 9c0ebbbbbbbb, Hydrated 10:01 of 41f2aaaaaaaa'],
  [
    { ...DONE, comparedRevision: 'c0ffee' },
    'to env/dev = 9c0ebbbbbbbb, Hydrated 10:01 of 41f2aaaaaaaa; c0ffee changed nothing',
  ],
  [
    { ...BEGUN, phase: 'Failed', finishedAt: '10:02', message: 'refused' },
    'to env/dev, Failed 10:02 of 41f2aaaaaaaa: refused',
  ],
] as const)
  test(`hydration is explained: ${told}`, () => {
    assert.deepEqual(written(hydration), [
      'Dry source   https://git.example/apps web at main',
      `Hydration    ${told}`,
    ]);
  });
