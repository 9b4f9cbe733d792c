import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Application, Project, SyncWindow } from '../app/types.ts';
import {
  decideWindows,
  matchingWindows,
  type SyncQuestion,
  type WindowState,
  type WindowTime,
  windowWarnings,
} from './sync-windows.ts';

const app = {
  metadata: { name: 'web-front' },
  spec: { destination: { server: 'https://one:6443', namespace: 'shop' } },
} as unknown as Pick<Application, 'metadata' | 'spec'>;

const matches = (window: SyncWindow): boolean => {
  const project: Pick<Project, 'spec'> = { spec: { syncWindows: [window] } };
  return matchingWindows(project, app).length === 1;
};

const matching: readonly (readonly [SyncWindow, boolean])[] = [
  [{ applications: ['web-*'] }, true],
  [{ applications: ['web'] }, false],
  [{ applications: ['!api'] }, false], // no negation
  [{ namespaces: ['shop'] }, true],
  [{ clusters: ['https://one:6443'] }, true],
  [{ clusters: ['https://*'] }, true],
  [{ clusters: ['in-cluster'] }, false],
  [{ applications: ['api'], namespaces: ['shop'] }, true],
  [{ applications: ['api'], namespaces: ['shop'], andOperator: true }, false],
  [{ applications: ['web-*'], namespaces: ['shop'], andOperator: true }, true],
  [{ applications: ['web-*'], clusters: ['https://one:*'], andOperator: true }, true],
  [{ applications: ['web-*'], namespaces: [], andOperator: true }, true],
  [{}, false],
  [{ andOperator: true }, false],
  [{ applications: [''] }, false],
];
for (const [window, expected] of matching)
  test(`${JSON.stringify(window)} ${expected ? 'concerns' : 'does not concern'} the application`, () => {
    assert.equal(matches(window), expected);
  });

test('a cluster is matched as the application writes it', () => {
  const byName = {
    ...app,
    spec: { ...app.spec, destination: { name: 'prod', namespace: 'shop' } },
  };
  const project: Pick<Project, 'spec'> = { spec: { syncWindows: [{ clusters: ['prod'] }] } };
  assert.equal(matchingWindows(project, byName).length, 1);
  assert.equal(matchingWindows(project, app).length, 0);
});

// Windows of the tables: `schedule` is "from-to" on a clock of whole numbers, or "bad".
const time = (nowMs: number): WindowTime => ({
  nowMs,
  show: String,
  stateAt({ schedule = '' }, at): WindowState {
    if (schedule === 'bad') return { type: 'invalid', problem: 'schedule "bad" is none' };
    const [from = 0, to = 0] = schedule.split('-').map(Number);
    if (at >= to) return { type: 'closed', opensMs: undefined };
    return at < from
      ? { type: 'closed', opensMs: from }
      : { type: 'open', sinceMs: from, untilMs: to };
  },
});
const allow = (schedule: string, more: SyncWindow = {}): SyncWindow => ({
  kind: 'allow',
  schedule,
  duration: '1h',
  ...more,
});
const deny = (schedule: string, more: SyncWindow = {}): SyncWindow => ({
  ...allow(schedule, more),
  kind: 'deny',
});
const manual = { manualSync: true };
const overrun = { syncOverrun: true };

interface Case {
  readonly name: string;
  readonly windows: readonly SyncWindow[];
  /** What is said of automated and of manual syncs at 10. */
  readonly automated: string;
  readonly manual: string;
}
const cases: readonly Case[] = [
  { name: 'no windows', windows: [], automated: 'allowed', manual: 'allowed' },
  {
    name: 'an open deny',
    windows: [deny('5-15')],
    automated: 'DenyWindowOpen 15',
    manual: 'DenyWindowOpen 15',
  },
  { name: 'a closed deny', windows: [deny('15-20')], automated: 'allowed', manual: 'allowed' },
  { name: 'an open allow', windows: [allow('5-15')], automated: 'allowed', manual: 'allowed' },
  {
    name: 'a closed allow',
    windows: [allow('15-20')],
    automated: 'AllowWindowClosed 15',
    manual: 'AllowWindowClosed 15',
  },
  {
    name: 'an allow that is over',
    windows: [allow('1-5')],
    automated: 'AllowWindowClosed -',
    manual: 'AllowWindowClosed -',
  },
  {
    name: 'one of two allows open',
    windows: [allow('15-20'), allow('5-15')],
    automated: 'allowed',
    manual: 'allowed',
  },
  {
    name: 'deny beats allow',
    windows: [allow('5-30'), deny('5-15')],
    automated: 'DenyWindowOpen 15',
    manual: 'DenyWindowOpen 15',
  },
  {
    name: 'an open deny, then a closed allow',
    windows: [allow('20-30'), deny('5-15')],
    automated: 'DenyWindowOpen 20',
    manual: 'DenyWindowOpen 20',
  },
  {
    name: 'an open deny with manualSync',
    windows: [deny('5-15', manual)],
    automated: 'DenyWindowOpen 15',
    manual: 'allowed',
  },
  {
    name: 'two open denies, one with manualSync',
    windows: [deny('5-15', manual), deny('5-18')],
    automated: 'DenyWindowOpen 18',
    manual: 'DenyWindowOpen 18',
  },
  {
    name: 'a closed allow with manualSync',
    windows: [allow('15-20', manual)],
    automated: 'AllowWindowClosed 15',
    manual: 'allowed',
  },
  {
    name: 'two closed allows, one with manualSync',
    windows: [allow('15-20', manual), allow('16-20')],
    automated: 'AllowWindowClosed 15',
    manual: 'AllowWindowClosed 15',
  },
  {
    name: 'a manual sync passes the deny and is not asked for the allow',
    windows: [allow('15-20'), deny('5-15', manual)],
    automated: 'DenyWindowOpen 15',
    manual: 'allowed',
  },
  {
    name: 'denies in a row',
    windows: [deny('5-15'), deny('15-20'), deny('19-25')],
    automated: 'DenyWindowOpen 25',
    manual: 'DenyWindowOpen 25',
  },
  {
    name: 'a window that cannot be read',
    windows: [allow('5-15'), deny('bad', manual)],
    automated: 'WindowInvalid -',
    manual: 'WindowInvalid -',
  },
  {
    name: 'a window without kind denies',
    windows: [{ schedule: '5-15' }],
    automated: 'DenyWindowOpen 15',
    manual: 'DenyWindowOpen 15',
  },
];

const answer = (windows: readonly SyncWindow[], question: SyncQuestion, now = 10): string => {
  const decision = decideWindows(windows, question, time(now));
  return decision.type === 'allowed' ? 'allowed' : `${decision.reason} ${decision.opensMs ?? '-'}`;
};
for (const c of cases)
  test(c.name, () => {
    assert.equal(answer(c.windows, { by: 'automated' }), c.automated);
    assert.equal(answer(c.windows, { by: 'manual' }), c.manual);
  });

const overruns: readonly (readonly [string, readonly SyncWindow[], startedMs: number, string])[] = [
  ['began before the deny', [deny('5-15', overrun)], 4, 'allowed'],
  ['began in the deny', [deny('5-15', overrun)], 6, 'DenyWindowOpen 15'],
  ['only one of two denies', [deny('5-15', overrun), deny('6-15')], 4, 'DenyWindowOpen 15'],
  ['began in the allow', [allow('1-5', overrun)], 4, 'allowed'],
  [
    'began after the allow',
    [allow('1-5', overrun), allow('20-30', overrun)],
    6,
    'AllowWindowClosed 20',
  ],
  ['no overrun', [allow('1-5')], 4, 'AllowWindowClosed -'],
];
for (const [name, windows, startedMs, expected] of overruns)
  test(`syncOverrun: ${name}`, () => {
    assert.equal(answer(windows, { by: 'automated', startedMs }), expected);
  });

test('the message names the windows and the next opening', () => {
  const zone = { timeZone: 'Europe/Prague' };
  const decision = decideWindows([allow('20-30'), deny('5-15', zone)], { by: 'manual' }, time(10));
  assert.equal(decision.type, 'blocked');
  assert.equal(
    decision.type === 'blocked' && decision.message,
    'deny window "5-15" for 1h in Europe/Prague is open until 15; syncs are allowed again at 20',
  );
  assert.equal(decision.changesMs, 15);
});

test('what is wrong and followed nevertheless is told', () => {
  const state: WindowState = { type: 'closed', opensMs: 20, warning: 'timeZone "X" is unknown' };
  const warned = windowWarnings([deny('5-15')], { ...time(10), stateAt: () => state });
  assert.deepEqual(warned, ['deny window "5-15" for 1h: timeZone "X" is unknown']);
});

test('whatever the windows: manual is never stricter, openings keep what they promise, order is nothing', () => {
  const window = fc
    .record({
      kind: fc.constantFrom('allow' as const, 'deny' as const),
      from: fc.nat(30),
      length: fc.integer({ min: 1, max: 10 }),
      manualSync: fc.boolean(),
      syncOverrun: fc.boolean(),
    })
    .map(
      ({ from, length, ...rest }): SyncWindow => ({
        ...rest,
        schedule: `${from}-${from + length}`,
      }),
    );
  fc.assert(
    fc.property(fc.array(window, { maxLength: 5 }), fc.nat(40), (windows, now) => {
      const automated = decideWindows(windows, { by: 'automated' }, time(now));
      const byHand = decideWindows(windows, { by: 'manual' }, time(now));
      if (automated.type === 'allowed') assert.equal(byHand.type, 'allowed');
      assert.equal(
        decideWindows(windows.toReversed(), { by: 'automated' }, time(now)).type,
        automated.type,
      );
      if (automated.type === 'allowed') {
        // Nothing changes before it is said to.
        for (let later = now; later < (automated.changesMs ?? 50); later += 1)
          assert.equal(answer(windows, { by: 'automated' }, later), 'allowed');
        return;
      }
      const opens = automated.opensMs ?? 50;
      for (let later = now; later < opens; later += 1)
        assert.notEqual(answer(windows, { by: 'automated' }, later), 'allowed');
      if (automated.opensMs !== undefined)
        assert.equal(answer(windows, { by: 'automated' }, opens), 'allowed');
    }),
  );
});
