import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, type KubeObject } from '../objects/kube-object.ts';
import {
  DEFAULT_TRACKING,
  parseTrackingId,
  track,
  TRACKING_ANNOTATION,
} from '../tracking/tracking.ts';
import {
  type DeletionHooksInput,
  type DeletionHooksStep,
  deletionRun,
  hooksToCleanUp,
  nextDeletionHooks,
  readRetryAt,
} from './deletion-hooks.ts';
import { holdHook, isHeldHook, withHookRun } from './hooks.ts';
import { manifest, type ManifestParts } from './testing/objects.ts';

const DELETED = Date.parse('2026-01-01T00:00:00Z');
const NOW = DELETED + 30_000;
const RUN = deletionRun('PreDelete', DELETED);

const hook = (name: string, parts: ManifestParts = {}): KubeObject =>
  manifest(`Job/${name}`, { hook: 'PreDelete', namespace: 'shop', ...parts });

/** As it stands in the cluster: made by this deletion, unless said otherwise. */
const made = (desired: KubeObject, health: string, metadata = {}): KubeObject => {
  const ours = holdHook(withHookRun(desired, RUN));
  const creationTimestamp = new Date(DELETED).toISOString();
  return { ...ours, metadata: { ...ours.metadata, creationTimestamp, ...metadata }, health };
};
const going = { deletionTimestamp: '2026-01-01T00:00:10Z' };

function step(
  hooks: readonly KubeObject[],
  live: readonly KubeObject[],
  more: Partial<DeletionHooksInput> = {},
): DeletionHooksStep {
  return nextDeletionHooks({
    phase: 'PreDelete',
    hooks,
    deletedAtMs: DELETED,
    live: (key) => live.find((object) => keyOf(object) === key),
    health: ({ health }) =>
      health === 'none'
        ? undefined
        : { status: health as 'Healthy', message: `it is ${String(health)}` },
    nowMs: NOW,
    hookDeadlineMs: 0,
    toldRetryAtMs: undefined,
    parseTime: Date.parse,
    formatTime: (ms) => new Date(ms).toISOString().replace('.000Z', 'Z'),
    ...more,
  });
}

/** `make a b`, `clear a`, `wait …`, `failed …`, `done` */
function said(of: DeletionHooksStep): string {
  const names = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name);
  switch (of.type) {
    case 'run':
      return of.clear.length > 0
        ? ['clear', ...names(of.clear)].join(' ')
        : ['make', ...names(of.make)].join(' ');
    case 'wait':
      return of.message;
    case 'failed':
      return `failed until ${new Date(of.retryAtMs).toISOString()}`;
    case 'done':
      return 'done';
  }
}

const one = hook('one', { wave: 1 });
const two = hook('two', { wave: 2 });
const kept = hook('kept', { policy: 'HookSucceeded' });

const cases: readonly (readonly [
  name: string,
  hooks: readonly KubeObject[],
  live: readonly KubeObject[],
  is: string,
])[] = [
  ['no hooks', [], [], 'done'],
  [
    'hooks of other phases',
    [hook('a', { hook: 'PostDelete' }), hook('b', { hook: 'Sync' })],
    [],
    'done',
  ],
  ['the lowest wave is first', [two, one], [], 'make one'],
  ['kinds and names order a wave', [hook('b'), hook('a')], [], 'make a b'],
  [
    'a wave waits for the one before',
    [two, one],
    [made(one, 'Progressing')],
    'waiting for completion of PreDelete hook batch/Job shop/one',
  ],
  ['a wave follows the one before', [two, one], [made(one, 'Healthy')], 'make two'],
  ['without a notion of health it is over when it is made', [one], [made(one, 'none')], 'done'],
  ['all have ended', [two, one], [made(one, 'Healthy'), made(two, 'Healthy')], 'done'],
  [
    'one that ended and is held while it goes has ended',
    [one],
    [made(one, 'Healthy', going)],
    'done',
  ],
  [
    'a suspended one has not ended',
    [one],
    [made(one, 'Suspended')],
    'waiting for completion of PreDelete hook batch/Job shop/one',
  ],
  ['one of an earlier run is in the way', [one], [{ ...one, health: 'Healthy' }], 'clear one'],
  [
    'one of an earlier run that goes is waited for',
    [one],
    [{ ...one, metadata: { ...one.metadata, ...going } }],
    'waiting for deletion of PreDelete hook batch/Job shop/one',
  ],
  ['one that may stay is applied on top', [kept], [{ ...kept, health: 'Healthy' }], 'make kept'],
  [
    'one that failed stands for a while',
    [one],
    [made(one, 'Degraded')],
    'failed until 2026-01-01T00:01:30.000Z',
  ],
  [
    'nobody knows how it is: it failed',
    [one],
    [made(one, 'Unknown')],
    'failed until 2026-01-01T00:01:30.000Z',
  ],
  [
    'one that failed and is deleted is released',
    [one],
    [made(one, 'Degraded', going)],
    'clear one',
  ],
  [
    'one that is deleted while it runs is released',
    [one],
    [made(one, 'Progressing', going)],
    'clear one',
  ],
  [
    'a failure goes before those that still run',
    [hook('a'), hook('b')],
    [made(hook('a'), 'Progressing'), made(hook('b'), 'Degraded')],
    'failed until 2026-01-01T00:01:30.000Z',
  ],
];

for (const [name, hooks, live, is] of cases)
  test(name, () => assert.equal(said(step(hooks, live)), is));

test('one that failed says which, why, what happens and what to do', () => {
  const failed = step([one], [made(one, 'Degraded')]);
  assert.equal(
    failed.type === 'failed' && failed.message,
    'PreDelete hooks failed: batch/Job shop/one (it is Degraded); they are made anew at 2026-01-01T00:01:30Z, or as soon as they are deleted, and until they end well nothing is deleted. To go on without them and leave all objects alone set the annotation tiphys.io/let-go: "true"',
  );
});

test('what failed is made anew after a time that grows with the age of the deletion', () => {
  const retryAfterS = (madeAfterS: number) => {
    const creationTimestamp = new Date(DELETED + madeAfterS * 1000).toISOString();
    const failed = step([one], [made(one, 'Degraded', { creationTimestamp })]);
    return failed.type === 'failed' ? (failed.retryAtMs - NOW) / 1000 : undefined;
  };
  assert.deepEqual([0, 61, 240, 1_000_000].map(retryAfterS), [60, 61, 240, 3_600]);
  const due = { toldRetryAtMs: NOW };
  assert.equal(said(step([one], [made(one, 'Degraded')], due)), 'clear one');
});

test('one that does not end in its time has failed', () => {
  const timed = hook('timed', { annotations: { 'tiphys.io/hook-deadline': '30s' } });
  const progressing = made(timed, 'Progressing');
  assert.equal(step([timed], [progressing], { nowMs: NOW - 1 }).type, 'wait');
  const failed = step([timed], [progressing]);
  assert.match(
    failed.type === 'failed' ? failed.message : '',
    /shop\/timed \(did not end within its deadline of 30s\)/,
  );
  assert.equal(step([one], [made(one, 'Progressing')], { hookDeadlineMs: 30_000 }).type, 'failed');
  assert.equal(step([timed], [made(timed, 'Healthy')]).type, 'done');
});

test('the time that was told once stands, whatever else becomes known', () => {
  const timed = hook('timed', { annotations: { 'tiphys.io/hook-deadline': '30s' } });
  let toldRetryAtMs: number | undefined;
  const atMs = [0, 5_000, 10_000].map((laterMs, index) => {
    // When it has been stopped, its health says something else.
    const health = index === 0 ? 'Progressing' : 'Degraded';
    const nowMs = NOW + laterMs;
    const failed = step([timed], [made(timed, health)], { nowMs, toldRetryAtMs });
    const message = failed.type === 'failed' ? failed.message : '';
    assert.equal(readRetryAt(message, 'PostDelete'), undefined);
    toldRetryAtMs = Date.parse(readRetryAt(message, 'PreDelete') ?? '');
    return failed.type === 'failed' ? failed.retryAtMs : undefined;
  });
  assert.deepEqual(atMs, [NOW + 60_000, NOW + 60_000, NOW + 60_000]);
});

test('only what runs over its time is to be stopped', () => {
  const timed = hook('timed', { annotations: { 'tiphys.io/hook-deadline': '30s' } });
  const overdue = made(timed, 'Progressing');
  const failed = step([timed, hook('other')], [overdue, made(hook('other'), 'Degraded')]);
  assert.deepEqual(failed.type === 'failed' && failed.overdue, [overdue]);
});

test('a generated name stays the same, and its mark names it', () => {
  const { metadata, ...rest } = manifest('Job/', { hook: 'PreDelete', namespace: 'shop' });
  const desired = track(
    { ...rest, metadata: { ...metadata, generateName: 'bye-' } } as KubeObject,
    'shop',
    'shop',
    DEFAULT_TRACKING,
  );
  const run = step([desired], []);
  const [first] = run.type === 'run' ? run.make : [];
  assert.equal(first?.metadata.name, `bye-predelete-${DELETED / 1000}`);
  assert.equal(
    parseTrackingId(first.metadata.annotations?.[TRACKING_ANNOTATION] ?? '')?.name,
    first.metadata.name,
  );
  assert.ok(isHeldHook(first));
  assert.equal(said(step([desired], [{ ...first, health: 'Healthy' }])), 'done');
});

test('what is left behind goes by its policy, and only what this deletion made', () => {
  const mine = made(kept, 'Healthy');
  const stays = made(one, 'Healthy');
  const other = withHookRun(kept, deletionRun('PreDelete', 0));
  const { remove, release } = hooksToCleanUp([mine, stays, other], RUN);
  assert.deepEqual(remove, [mine]);
  assert.deepEqual(release, [stays]);
});
