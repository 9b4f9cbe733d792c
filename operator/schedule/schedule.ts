import { Cron } from 'croner';
import { parseGoDuration } from '../core/diff/go-duration.ts';
import type { WindowState } from '../core/project/sync-windows.ts';
import type { Schedule, WindowTimes } from '../ports/schedule.ts';
import { createLruCache } from '../runtime/lru-cache.ts';
import { offsetsOf, type Offsets } from './time-zone.ts';

/** Openings that follow each other without a gap are one; this many are looked at. */
const MAX_JOINED = 100;
const MAX_REMEMBERED = 1_000;

interface ReadWindow {
  readonly cron: Cron;
  readonly durationMs: number;
  readonly zone: Offsets;
  readonly warning: { readonly warning?: string };
}

type Reading =
  | { readonly type: 'ok'; readonly window: ReadWindow }
  | { readonly type: 'invalid'; readonly problem: string };

/** Reads cron through `croner`; what was read is remembered. Holds nothing that needs closing. */
export function createSchedule(): Schedule {
  const known = createLruCache<string, Reading>(MAX_REMEMBERED);
  return {
    stateAt(times, atMs) {
      const id = JSON.stringify([times.schedule, times.duration, times.timeZone]);
      const reading = known.get(id) ?? read(times);
      known.set(id, reading, 1);
      return reading.type === 'invalid' ? reading : stateOf(reading.window, atMs);
    },
  };
}

/** All of it in wall-clock time of the zone, as if that were UTC; only the answers are moments. */
function stateOf({ cron, durationMs, zone, warning }: ReadWindow, atMs: number): WindowState {
  const offset = zone.offsetAt(atMs);
  const wallMs = atMs + offset;
  /** Clocks that are set back show some times twice: then the second is meant. */
  const comingMoment = (laterMs: number): number => {
    const moment = zone.momentOf(laterMs);
    return moment > atMs ? moment : laterMs - offset;
  };
  const opening = next(cron, wallMs - durationMs);
  if (opening === undefined || opening > wallMs)
    return { type: 'closed', opensMs: opening && comingMoment(opening), ...warning };
  const end = endOf(cron, opening, durationMs);
  return {
    type: 'open',
    sinceMs: zone.momentOf(opening),
    untilMs: end && comingMoment(end),
    ...warning,
  };
}

function endOf(cron: Cron, openingMs: number, durationMs: number): number | undefined {
  let last = openingMs;
  for (let joined = 0; joined < MAX_JOINED; joined += 1) {
    const following = next(cron, last);
    if (following === undefined || following > last + durationMs) return last + durationMs;
    last = following;
  }
  return undefined;
}

/** The first opening after a moment, that moment excluded. */
const next = (cron: Cron, afterMs: number): number | undefined =>
  cron.nextRun(new Date(afterMs))?.getTime();

function read({ schedule = '', duration = '', timeZone = '' }: WindowTimes): Reading {
  const invalid = (problem: string): Reading => ({ type: 'invalid', problem });
  const span = parseGoDuration(duration);
  if (span === undefined || span <= 0n)
    return invalid(`duration "${duration}" is no time span such as 1h30m`);
  const cron = readCron(schedule);
  if (cron === undefined)
    return invalid(`schedule "${schedule}" is no cron expression with five fields`);
  const zone = offsetsOf(timeZone);
  const warning =
    zone === undefined ? { warning: `timeZone "${timeZone}" is unknown, UTC is used` } : {};
  const durationMs = Number(span / 1_000_000n);
  return { type: 'ok', window: { cron, durationMs, zone: zone ?? UTC, warning } };
}

const UTC: Offsets = { offsetAt: () => 0, momentOf: (wallMs) => wallMs };

function readCron(schedule: string): Cron | undefined {
  const text = schedule.trim();
  const fields = text.split(/\s+/);
  // croner also reads a date, and then fires once.
  if (fields.length !== 5 && !/^@[a-z]+$/i.test(text)) return undefined;
  try {
    return new Cron(fields.map(withEnd).join(' '), { mode: '5-part', utcOffset: 0 });
  } catch {
    return undefined; // told as a problem of the window
  }
}

/** `5/15` is from 5 to the end in steps of 15; croner wants the end written. */
function withEnd(field: string, index: number): string {
  const last = [59, 23, 31, 12, 6][index];
  return field.replace(/(^|,)(\d+)\//g, `$1$2-${last}/`);
}
