import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WindowTimes } from '../ports/schedule.ts';
import { createSchedule } from './schedule.ts';

const at = (text: string): number => Date.parse(text);
const stateAt = (times: WindowTimes, now: string): string => {
  const state = createSchedule().stateAt(times, at(now));
  const show = (ms: number | undefined) =>
    ms === undefined ? 'never' : new Date(ms).toISOString().slice(0, 19);
  if (state.type === 'invalid') return `invalid: ${state.problem}`;
  const warning = state.warning === undefined ? '' : ` (${state.warning})`;
  return state.type === 'open'
    ? `open ${show(state.sinceMs)} - ${show(state.untilMs)}${warning}`
    : `closed, opens ${show(state.opensMs)}${warning}`;
};

const nightly = { schedule: '0 22 * * *', duration: '8h' };
const prague = { ...nightly, timeZone: 'Europe/Prague' };

const cases: readonly (readonly [WindowTimes, now: string, state: string])[] = [
  [nightly, '2026-06-01T21:59:59Z', 'closed, opens 2026-06-01T22:00:00'],
  [nightly, '2026-06-01T22:00:00Z', 'open 2026-06-01T22:00:00 - 2026-06-02T06:00:00'],
  [nightly, '2026-06-02T05:59:59Z', 'open 2026-06-01T22:00:00 - 2026-06-02T06:00:00'],
  [nightly, '2026-06-02T06:00:00Z', 'closed, opens 2026-06-02T22:00:00'],
  // Two hours ahead in summer, one in winter.
  [prague, '2026-06-01T19:59:00Z', 'closed, opens 2026-06-01T20:00:00'],
  [prague, '2026-06-01T20:00:00Z', 'open 2026-06-01T20:00:00 - 2026-06-02T04:00:00'],
  [prague, '2026-12-01T20:30:00Z', 'closed, opens 2026-12-01T21:00:00'],
  // In the night of the change it closes at six by the clock all the same: an hour less, an hour more.
  [prague, '2026-03-28T23:00:00Z', 'open 2026-03-28T21:00:00 - 2026-03-29T04:00:00'],
  [prague, '2026-10-24T23:00:00Z', 'open 2026-10-24T20:00:00 - 2026-10-25T05:00:00'],
  // 02:30 does not exist that night: it opens when the clocks pass it.
  [
    { schedule: '30 2 * * *', duration: '2h', timeZone: 'Europe/Prague' },
    '2026-03-29T00:30:00Z',
    'closed, opens 2026-03-29T01:00:00',
  ],
  [
    { schedule: '30 2 * * *', duration: '2h', timeZone: 'Europe/Prague' },
    '2026-03-29T01:00:00Z',
    'open 2026-03-29T01:00:00 - 2026-03-29T02:30:00',
  ],
  // 02:30 comes twice that night; what is coming is told, not what was.
  [
    { schedule: '0 1 * * *', duration: '90m', timeZone: 'Europe/Prague' },
    '2026-10-25T01:10:00Z',
    'open 2026-10-24T23:00:00 - 2026-10-25T01:30:00',
  ],
  [
    { ...nightly, timeZone: 'Asia/Kathmandu' },
    '2026-06-01T16:15:00Z',
    'open 2026-06-01T16:15:00 - 2026-06-02T00:15:00',
  ],
  [
    { ...nightly, timeZone: 'Middle/Earth' },
    '2026-06-01T23:00:00Z',
    'open 2026-06-01T22:00:00 - 2026-06-02T06:00:00 (timeZone "Middle/Earth" is unknown, UTC is used)',
  ],
  // Openings that overlap or touch are one.
  [
    { schedule: '0 9-11 * * *', duration: '1h' },
    '2026-06-01T09:30:00Z',
    'open 2026-06-01T09:00:00 - 2026-06-01T12:00:00',
  ],
  [
    { schedule: '0 9,10 * * *', duration: '90m' },
    '2026-06-01T10:45:00Z',
    'open 2026-06-01T10:00:00 - 2026-06-01T11:30:00',
  ],
  [
    { schedule: '* * * * *', duration: '1h' },
    '2026-06-01T09:30:00Z',
    'open 2026-06-01T08:31:00 - never',
  ],
  [{ schedule: '0 0 30 2 *', duration: '1h' }, '2026-06-01T09:30:00Z', 'closed, opens never'],
  [
    { schedule: '@daily', duration: '1h' },
    '2026-06-01T09:30:00Z',
    'closed, opens 2026-06-02T00:00:00',
  ],
  [
    { schedule: '5/20 8 * * *', duration: '5m' },
    '2026-06-01T08:26:00Z',
    'open 2026-06-01T08:25:00 - 2026-06-01T08:30:00',
  ],
  [
    { schedule: '0 8 13 * FRI', duration: '1h' }, // either day counts
    '2026-06-12T08:30:00Z',
    'open 2026-06-12T08:00:00 - 2026-06-12T09:00:00',
  ],
  [
    { ...nightly, duration: '8' },
    '2026-06-01T08:00:00Z',
    'invalid: duration "8" is no time span such as 1h30m',
  ],
  [
    { ...nightly, duration: '-1h' },
    '2026-06-01T08:00:00Z',
    'invalid: duration "-1h" is no time span such as 1h30m',
  ],
  [
    { schedule: '0 8 * * *' },
    '2026-06-01T08:00:00Z',
    'invalid: duration "" is no time span such as 1h30m',
  ],
  ...[
    '',
    '0 22 * *',
    '0 0 22 * * *',
    '61 * * * *',
    '@every 1h',
    '2026-06-01T00:00:00',
    'at ten',
  ].map(
    (schedule) =>
      [
        { schedule, duration: '1h' },
        '2026-06-01T08:00:00Z',
        `invalid: schedule "${schedule}" is no cron expression with five fields`,
      ] as const,
  ),
];

for (const [times, now, state] of cases)
  test(`${times.schedule} for ${times.duration} in ${times.timeZone ?? 'UTC'} at ${now}: ${state}`, () => {
    assert.equal(stateAt(times, now), state);
  });

test('the changes that are announced are those that happen', () => {
  const schedule = createSchedule();
  const zones = fc.constantFrom('UTC', 'Europe/Prague', 'America/New_York', 'Asia/Kathmandu');
  const times = fc.record({
    schedule: fc.constantFrom(
      '0 22 * * *',
      '30 2 * * *',
      '15 */6 * * *',
      '0 8 * * 1-5',
      '0 0 1 * *',
    ),
    duration: fc.constantFrom('10m', '3h', '8h30m', '26h'),
    timeZone: zones,
  });
  // Away from the nights in which clocks change: what is asked there stands in the table.
  const moments = fc.integer({ min: at('2026-05-01T00:00:00Z'), max: at('2026-08-31T00:00:00Z') });
  fc.assert(
    fc.property(times, moments, (window, now) => {
      const state = schedule.stateAt(window, now);
      if (state.type === 'invalid') assert.fail(state.problem);
      const change = state.type === 'open' ? state.untilMs : state.opensMs;
      if (change === undefined) return; // 26 hours of every day never end
      assert.ok(change > now);
      assert.equal(schedule.stateAt(window, change - 1).type, state.type);
      assert.notEqual(schedule.stateAt(window, change).type, state.type);
      if (state.type === 'open') assert.equal(schedule.stateAt(window, state.sinceMs).type, 'open');
    }),
  );
});

test('no text makes it throw, and changes always lie ahead', () => {
  const schedule = createSchedule();
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'0123456789*/,-? LW#@') }),
  );
  const times = fc.record({ schedule: text, duration: text, timeZone: text });
  const moments = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') });
  fc.assert(
    fc.property(times, moments, (window, now) => {
      const state = schedule.stateAt({ ...window, duration: '1h' }, now);
      if (state.type === 'closed' && state.opensMs !== undefined) assert.ok(state.opensMs > now);
      if (state.type === 'open' && state.untilMs !== undefined) assert.ok(state.untilMs > now);
      assert.ok(schedule.stateAt(window, now));
    }),
  );
});
