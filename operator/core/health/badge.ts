import type { JsonObject } from '../objects/json.ts';

/** What a badge says of one or more Applications. */
export interface BadgeState {
  /** A word of health, or why there is none. */
  readonly health: string;
  /** A word of sync; empty leaves that part out. */
  readonly sync: string;
  /** Of one Application; empty leaves it out. */
  readonly revision: string;
}

export const UNKNOWN_BADGE: BadgeState = { health: 'Unknown', sync: '', revision: '' };
export const MISSING_BADGE: BadgeState = { health: 'Not Found', sync: '', revision: '' };

/** Worst first: a badge of several Applications says the worst of them. */
const HEALTHS = ['Degraded', 'Missing', 'Unknown', 'Progressing', 'Suspended', 'Healthy'];
const SYNCS = ['OutOfSync', 'Unknown', 'Synced'];

/** The badge for Applications by their status; `undefined` without any. */
export function badgeOf(statuses: readonly JsonObject[]): BadgeState | undefined {
  if (statuses.length === 0) return undefined;
  const healths = statuses.map((status) => word(status['health'], 'status'));
  const syncs = statuses.map((status) => word(status['sync'], 'status'));
  const [only] = statuses;
  return {
    health: worst(healths, HEALTHS),
    sync: worst(syncs, SYNCS),
    revision: statuses.length === 1 ? word(only?.['sync'], 'revision', '') : '',
  };
}

function worst(words: readonly string[], order: readonly string[]): string {
  return order.find((one) => words.includes(one)) ?? 'Unknown';
}

function word(part: unknown, name: string, fallback = 'Unknown'): string {
  const value = typeof part === 'object' && part !== null ? (part as JsonObject)[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : fallback;
}
