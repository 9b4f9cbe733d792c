import type { Application, Project, SyncWindow } from '../app/types.ts';
import { compileGlob } from '../glob.ts';

/** How one window stands at a moment; times are milliseconds since 1970. */
export type WindowState =
  | {
      readonly type: 'open';
      readonly sinceMs: number;
      /** Absent when it stays open as far as was looked ahead. */
      readonly untilMs: number | undefined;
      readonly warning?: string;
    }
  | {
      readonly type: 'closed';
      /** Absent when it never opens again. */
      readonly opensMs: number | undefined;
      readonly warning?: string;
    }
  /** Nobody can say when it is open: no sync until it is corrected. */
  | { readonly type: 'invalid'; readonly problem: string };

export type SyncedBy = 'automated' | 'manual';

/** What the decision needs to know of time. */
export interface WindowTime {
  readonly nowMs: number;
  /** How a window stands at any moment; the same question must have the same answer. */
  readonly stateAt: (window: SyncWindow, atMs: number) => WindowState;
  /** A moment for people and for `status`. */
  readonly show: (ms: number) => string;
}

/** Whether the sync windows let an application sync now. */
export type WindowDecision =
  | {
      readonly type: 'allowed';
      /** The next moment at which any of the windows opens or closes. */
      readonly changesMs: number | undefined;
    }
  | {
      readonly type: 'blocked';
      readonly reason: 'DenyWindowOpen' | 'AllowWindowClosed' | 'WindowInvalid';
      /** Names the windows and the next opening. The same as long as the windows stand as they do. */
      readonly message: string;
      /** When a sync is allowed next, if nobody changes the windows. */
      readonly opensMs: number | undefined;
      readonly changesMs: number | undefined;
    };

/**
 * The windows of a project that concern an application: any of its lists matches, with
 * `andOperator` all that are given. Clusters are matched as the application writes them. A window
 * without lists concerns nobody.
 */
export function matchingWindows(
  project: Pick<Project, 'spec'>,
  { metadata, spec }: Pick<Application, 'metadata' | 'spec'>,
): readonly SyncWindow[] {
  const { server = '', name = '', namespace = '' } = spec.destination;
  return (project.spec.syncWindows ?? []).filter((window) => {
    const lists = [
      { globs: window.applications ?? [], texts: [metadata.name] },
      { globs: window.clusters ?? [], texts: [server, name] },
      { globs: window.namespaces ?? [], texts: [namespace] },
    ].filter(({ globs }) => globs.length > 0);
    const matches = lists.map(({ globs, texts }) => anyMatch(globs, texts));
    if (window.andOperator === true) return matches.length > 0 && !matches.includes(false);
    return matches.includes(true);
  });
}

function anyMatch(globs: readonly string[], texts: readonly string[]): boolean {
  return globs.some((glob) => texts.some((text) => text !== '' && compileGlob(glob)(text)));
}

export interface SyncQuestion {
  readonly by: SyncedBy;
  /** When the operation began; with it, `syncOverrun` counts. Milliseconds since 1970. */
  readonly startedMs?: number | undefined;
}

/** How far ahead the next opening is looked for, in openings and closings. */
const MAX_CHANGES = 60;

/**
 * Whether a sync is allowed. A window that cannot be read blocks; an open deny window goes before
 * open allow windows; while there are allow windows, one of them must be open. `manualSync` on all
 * windows that block lets a manual sync pass; `syncOverrun` on all of them lets one go on that was
 * allowed when it began.
 */
export function decideWindows(
  windows: readonly SyncWindow[],
  question: SyncQuestion,
  time: WindowTime,
): WindowDecision {
  const blocking = blockingAt(windows, question, time, time.nowMs);
  const changesMs = nextChange(windows, time, time.nowMs);
  if (blocking === undefined) return { type: 'allowed', changesMs };
  const opensMs =
    blocking.reason === 'WindowInvalid' ? undefined : nextAllowed(windows, question, time);
  const named = blocking.windows.map((window) => describe(window, time)).join(' and ');
  const next = opensMs === undefined ? '' : `; syncs are allowed again at ${time.show(opensMs)}`;
  return { type: 'blocked', reason: blocking.reason, message: named + next, opensMs, changesMs };
}

/** What is wrong with the windows that nevertheless are followed, such as an unknown time zone. */
export function windowWarnings(
  windows: readonly SyncWindow[],
  { nowMs, stateAt }: WindowTime,
): readonly string[] {
  return windows.flatMap((window) => {
    const state = stateAt(window, nowMs);
    if (state.type === 'invalid' || state.warning === undefined) return [];
    return [`${titleOf(window)}: ${state.warning}`];
  });
}

interface Blocking {
  readonly reason: Extract<WindowDecision, { type: 'blocked' }>['reason'];
  readonly windows: readonly SyncWindow[];
}

function blockingAt(
  windows: readonly SyncWindow[],
  { by, startedMs }: SyncQuestion,
  time: WindowTime,
  atMs: number,
): Blocking | undefined {
  const typeOf = (window: SyncWindow) => time.stateAt(window, atMs).type;
  const invalid = windows.filter((window) => typeOf(window) === 'invalid');
  if (invalid.length > 0) return { reason: 'WindowInvalid', windows: invalid };
  const isExcused = (blockers: readonly SyncWindow[]): boolean =>
    (by === 'manual' && blockers.every(({ manualSync }) => manualSync === true)) ||
    (startedMs !== undefined &&
      blockers.every(({ syncOverrun }) => syncOverrun === true) &&
      blockingAt(windows, { by }, time, startedMs) === undefined);
  const denying = windows.filter((w) => w.kind !== 'allow' && typeOf(w) === 'open');
  if (denying.length > 0)
    return isExcused(denying) ? undefined : { reason: 'DenyWindowOpen', windows: denying };
  const allowing = windows.filter(({ kind }) => kind === 'allow');
  if (allowing.length === 0 || allowing.some((window) => typeOf(window) === 'open'))
    return undefined;
  return isExcused(allowing) ? undefined : { reason: 'AllowWindowClosed', windows: allowing };
}

function nextChange(
  windows: readonly SyncWindow[],
  { stateAt }: WindowTime,
  afterMs: number,
): number | undefined {
  const changes = windows.flatMap((window) => {
    const state = stateAt(window, afterMs);
    if (state.type === 'invalid') return [];
    return (state.type === 'open' ? state.untilMs : state.opensMs) ?? [];
  });
  return changes.length === 0 ? undefined : Math.min(...changes);
}

/** Walks from change to change until a sync that begins then would be allowed. */
function nextAllowed(
  windows: readonly SyncWindow[],
  { by }: SyncQuestion,
  time: WindowTime,
): number | undefined {
  let at: number | undefined = time.nowMs;
  for (let step = 0; step < MAX_CHANGES; step += 1) {
    at = nextChange(windows, time, at);
    if (at === undefined || blockingAt(windows, { by }, time, at) === undefined) return at;
  }
  return undefined;
}

function describe(window: SyncWindow, { nowMs, stateAt, show }: WindowTime): string {
  const state = stateAt(window, nowMs);
  switch (state.type) {
    case 'invalid':
      return `${titleOf(window)} cannot be read: ${state.problem}`;
    case 'open':
      return `${titleOf(window)} is open${state.untilMs === undefined ? '' : ` until ${show(state.untilMs)}`}`;
    case 'closed':
      return `${titleOf(window)} is closed${state.opensMs === undefined ? ' and never opens' : ` until ${show(state.opensMs)}`}`;
  }
}

/** `deny window "0 22 * * *" for 8h in Europe/Prague`. */
function titleOf({ kind, schedule = '', duration = '', timeZone = '' }: SyncWindow): string {
  const zone = timeZone === '' ? '' : ` in ${timeZone}`;
  return `${kind ?? 'deny'} window "${schedule}" for ${duration === '' ? '(none)' : duration}${zone}`;
}
