import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Application, ApplicationSpec, Hydration, SourceHydrator } from '../app/types.ts';
import { hydrationGroup } from './group.ts';
import { type HydrationNeed, hydrationNeeded, isQuiet, trustsRecord } from './need.ts';
import { branchProblem, hydratedFolder, overlaps } from './places.ts';
import { comparedOnly, hydrated, hydrating, hydrationFailed } from './status.ts';

const hydrator: SourceHydrator = {
  drySource: { repoURL: 'https://g/dry', targetRevision: 'main', path: 'web' },
  syncSource: { targetBranch: 'env/dev', path: 'web' },
};
const spec = (changes: Partial<SourceHydrator> = {}): ApplicationSpec => ({
  project: 'default',
  destination: {},
  sourceHydrator: { ...hydrator, ...changes },
});
const groupOf = (changes: Partial<SourceHydrator>) => {
  const group = hydrationGroup(spec(changes));
  return group ?? assert.fail('no group');
};

describe('the group of an application', () => {
  const { syncSource, drySource } = hydrator;
  for (const [name, changes, together] of [
    ['another path on both sides', { syncSource: { ...syncSource, path: 'api' } }, true],
    [
      'another spelling of the repository',
      { drySource: { ...drySource, repoURL: 'https://G/dry.git' } },
      true,
    ],
    [
      'another case in the path of the repository',
      { drySource: { ...drySource, repoURL: 'https://g/Dry' } },
      false,
    ],
    ['another dry revision', { drySource: { ...drySource, targetRevision: 'v1' } }, false],
    ['another branch', { syncSource: { ...syncSource, targetBranch: 'env/prod' } }, false],
    ['a branch to stage', { hydrateTo: { targetBranch: 'env/dev-next' } }, false],
    [
      'the same repository named again',
      { syncSource: { ...syncSource, repoURL: drySource.repoURL } },
      true,
    ],
    ['a repository of its own', { syncSource: { ...syncSource, repoURL: 'https://g/wet' } }, false],
  ] as const)
    test(`${name}: ${together ? 'the same' : 'another one'}`, () =>
      assert.equal(groupOf(changes).key === groupOf({}).key, together));

  test('writes to the branch of hydrateTo, which begins at the one that is synced', () => {
    const { branch, beginsAt, repo } = groupOf({ hydrateTo: { targetBranch: 'next' } });
    assert.deepEqual([repo, branch, beginsAt], ['https://g/dry', 'next', 'env/dev']);
    assert.equal(groupOf({}).beginsAt, undefined);
    assert.equal(hydrationGroup({ project: 'default', destination: {} }), undefined);
  });

  test('shares a branch with groups of another dry source', () => {
    const other = groupOf({ drySource: { ...drySource, targetRevision: 'v1' } });
    assert.equal(other.place, groupOf({}).place);
    assert.notEqual(groupOf({ hydrateTo: { targetBranch: 'n' } }).place, other.place);
  });
});

describe('the folder that is written to', () => {
  for (const [written, path] of [
    ['web', 'web'],
    ['./apps//web/', 'apps/web'],
    ['/web', 'web'],
    ['.github/x', '.github/x'],
    ['a..b', 'a..b'],
  ] as const)
    test(`${written} is ${path}`, () =>
      assert.deepEqual(hydratedFolder(written), { type: 'folder', path }));

  for (const [written, why] of [
    ['.', /root of the repository/],
    ['./', /root of the repository/],
    ['', /root of the repository/],
    ['../x', /leads out/],
    ['a/../b', /leads out/],
    ['.git/hooks', /keeps for itself/],
    ['a/.GIT', /keeps for itself/],
    ['a/.git. ', /keeps for itself/],
    ['git~1/x', /keeps for itself/],
    ['a\nM 100644', /characters/],
    ['.g\u200cit/x', /characters/],
    ['a\\..\\b', /characters/],
    ['a'.repeat(2_000), /longer than/],
  ] as const)
    test(`${JSON.stringify(written.slice(0, 20))} is refused`, () => {
      const place = hydratedFolder(written);
      assert.match(place.type === 'refused' ? place.message : '', why);
    });

  test('overlaps with itself and with what lies in it', () => {
    assert.equal(overlaps('a', 'a'), true);
    assert.equal(overlaps('a/b', 'a'), true);
    assert.equal(overlaps('a', 'a/b'), true);
    assert.equal(overlaps('ab', 'a'), false);
  });
});

describe('the name of a branch', () => {
  for (const name of ['env/dev', 'environments/dev-next', 'v1.2', 'a@b', 'größe'])
    test(`${name} is one`, () => assert.equal(branchProblem(name), undefined));
  for (const name of [
    ...['', '-f', 'a..b', 'a b', 'a:b', '+a ', '/a', 'a/', 'a//b', '.a', 'a/.b', 'a.lock', '@'],
    ...['a@{1}', 'a\nb', 'a~1', 'a^', 'a*', 'x'.repeat(300)],
  ])
    test(`${JSON.stringify(name.slice(0, 20))} is none`, () =>
      assert.match(branchProblem(name) ?? '', /is no name of a branch/));
});

describe('whether an application needs hydration', () => {
  const NOW = Date.parse('2026-01-01T00:10:00Z');
  const done: Hydration = { phase: 'Hydrated', drySHA: 'one', sourceHydrator: hydrator };
  const failed: Hydration = { ...done, phase: 'Failed', finishedAt: '2026-01-01T00:09:00Z' };
  const long: Hydration = { ...failed, finishedAt: '2026-01-01T00:07:00Z' };
  const other = { ...hydrator, hydrateTo: { targetBranch: 'next' } };
  const hydrate = (reason: string) => ({ type: 'hydrate', reason });
  const none = { type: 'none' };
  const wait = { type: 'none', retryAtMs: Date.parse('2026-01-01T00:11:00Z') };
  const cases: readonly (readonly [
    string,
    { last?: Hydration; compared?: string; asked?: string; dry?: string },
    object,
  ])[] = [
    ['never hydrated', {}, hydrate('NeverHydrated')],
    ['hydrated, and nothing moved', { last: done }, none],
    ['asked, and nothing moved', { last: done, asked: 'normal' }, none],
    ['asked hard', { last: done, asked: 'hard' }, hydrate('HardRequested')],
    ['another spec', { last: { ...done, sourceHydrator: other } }, hydrate('SpecChanged')],
    ['the dry source moved', { last: done, dry: 'two' }, hydrate('DryRevisionMoved')],
    ['compared with it already', { last: done, dry: 'two', compared: 'two' }, none],
    ['moved back', { last: done, dry: 'one', compared: 'two' }, hydrate('DryRevisionMoved')],
    ['no revision known', { last: done, dry: '' }, none],
    ['failed a minute ago', { last: failed }, wait],
    ['failed, and asked', { last: failed, asked: 'normal' }, hydrate('RetryRequested')],
    [
      'failed, and a new dry revision',
      { last: failed, dry: 'two' },
      hydrate('RevisionAfterFailure'),
    ],
    [
      'failed, and a new spec',
      { last: { ...failed, sourceHydrator: other } },
      hydrate('SpecChanged'),
    ],
    ['failed three minutes ago', { last: long }, hydrate('RetryDue')],
    ['failed at no time', { last: { ...failed, finishedAt: 'x' } }, hydrate('RetryDue')],
    ['interrupted', { last: { ...done, phase: 'Hydrating' } }, hydrate('Interrupted')],
  ];
  for (const [name, { last, compared, asked, dry = 'one' }, expected] of cases)
    test(name, () => {
      const app = {
        spec: spec(),
        status: {
          sourceHydrator: { currentOperation: last, lastComparedDryRevision: compared },
        },
        metadata: { annotations: asked ? { 'argocd.argoproj.io/hydrate': asked } : {} },
      } as unknown as Application;
      const need: HydrationNeed = hydrationNeeded(app, {
        nowMs: NOW,
        dryCommit: dry,
        parseTime: Date.parse,
      });
      assert.deepEqual(need, expected);
    });

  test('what Git records counts for what was interrupted or is tried again, and nothing else', () => {
    assert.equal(trustsRecord(['Interrupted', 'RetryDue', 'RetryRequested']), true);
    for (const reason of ['NeverHydrated', 'HardRequested', 'DryRevisionMoved'])
      assert.equal(trustsRecord(['Interrupted', reason as 'SpecChanged']), false, reason);
  });

  test('only a commit of the dry source may pass without a word', () => {
    assert.equal(isQuiet(['DryRevisionMoved', 'DryRevisionMoved']), true);
    assert.equal(isQuiet(['DryRevisionMoved', 'HardRequested']), false);
    assert.equal(isQuiet(['RevisionAfterFailure']), false);
  });
});

test('the status of a hydration: what succeeded stays beside what fails', () => {
  const run = { sourceHydrator: hydrator, drySHA: 'one', startedAt: 'start' };
  const ended = { hydratedSHA: 'wet', finishedAt: 'end' };
  const first = { status: { sourceHydrator: hydrated(run, ended) } };
  const success = { sourceHydrator: hydrator, drySHA: 'one', hydratedSHA: 'wet' };
  assert.deepEqual(first.status.sourceHydrator, {
    currentOperation: { ...run, ...ended, phase: 'Hydrated' },
    lastSuccessfulOperation: success,
    lastComparedDryRevision: 'one',
  });
  const next = { ...run, drySHA: 'two' };
  const begun = hydrating(first, next);
  assert.equal(begun.currentOperation?.phase, 'Hydrating');
  assert.deepEqual(begun.lastSuccessfulOperation, success);
  const failure = hydrationFailed(first, next, { message: 'why', finishedAt: 'end' });
  assert.deepEqual(failure, {
    currentOperation: { ...next, phase: 'Failed', message: 'why', finishedAt: 'end' },
    lastSuccessfulOperation: success,
    lastComparedDryRevision: 'one',
  });
  assert.deepEqual(comparedOnly(first, 'two'), {
    ...first.status.sourceHydrator,
    lastComparedDryRevision: 'two',
  });
});
