import { jsonEqual, type JsonValue } from '../objects/json.ts';
import { uncomparedPart } from './compared-spec.ts';
import type { Application, ApplicationSpec, OperationState } from './types.ts';

export const REFRESH_ANNOTATION = 'argocd.argoproj.io/refresh';

/**
 * How closely a comparison looks; each includes the ones before.
 * `none`: nothing to do. `recent`: the revisions of last time. `latest`: what the table of refs
 * says. `forced`: ask Git.
 */
export type RefreshLevel = 'none' | 'recent' | 'latest' | 'forced';

const LEVELS: readonly RefreshLevel[] = ['none', 'recent', 'latest', 'forced'];

/** The closer of two levels. */
export function higherLevel(left: RefreshLevel, right: RefreshLevel): RefreshLevel {
  return LEVELS.indexOf(left) >= LEVELS.indexOf(right) ? left : right;
}

export type RefreshReason =
  | 'RefreshRequested'
  | 'SourceChanged'
  | 'ResyncDue'
  | 'HardResyncDue'
  | 'DestinationChanged'
  | 'NamespaceMetadataChanged'
  | 'IgnoreDifferencesChanged'
  | 'Event'
  | 'Nothing';

export interface RefreshNeed {
  readonly level: RefreshLevel;
  /** `hard` renders anew even what is known. */
  readonly type: 'normal' | 'hard';
  readonly reason: RefreshReason;
}

export interface RefreshOptions {
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number;
  /** Milliseconds; 0 is never. */
  readonly resyncMs: number;
  /** Milliseconds; 0 is never. */
  readonly hardResyncMs: number;
  /** What events asked for since the last comparison. */
  readonly requested: RefreshLevel;
  /** RFC 3339 to milliseconds since 1970; not a number when it is no time. */
  readonly parseTime: (text: string) => number;
}

/** Whether an application is to be compared again, how closely, and why. The first reason wins. */
export function refreshNeeded(app: Application, options: RefreshOptions): RefreshNeed {
  const { spec, status, metadata } = app;
  const need = (
    level: RefreshLevel,
    reason: RefreshReason,
    type: RefreshNeed['type'] = 'normal',
  ): RefreshNeed => ({ level, type, reason });
  const asked = metadata.annotations[REFRESH_ANNOTATION];
  if (asked !== undefined)
    return need('forced', 'RefreshRequested', asked === 'hard' ? 'hard' : 'normal');
  const uncompared = uncomparedPart(spec, status.sync?.comparedTo);
  if (uncompared === 'source') return need('forced', 'SourceChanged');
  const since = options.nowMs - options.parseTime(status.reconciledAt ?? '');
  if (options.hardResyncMs > 0 && since > options.hardResyncMs)
    return need('latest', 'HardResyncDue', 'hard');
  const isNever = Number.isNaN(since);
  if (isNever || (options.resyncMs > 0 && since > options.resyncMs))
    return need('latest', 'ResyncDue');
  if (uncompared === 'destination') return need('latest', 'DestinationChanged');
  if (hasNewNamespaceMetadata(spec, status.operationState))
    return need('latest', 'NamespaceMetadataChanged');
  if (uncompared === 'ignoreDifferences') return need('latest', 'IgnoreDifferencesChanged');
  return options.requested === 'none' ? need('none', 'Nothing') : need(options.requested, 'Event');
}

/** Whether labels or annotations are wanted for the destination namespace that no sync has set yet. */
export function hasNewNamespaceMetadata(
  { syncPolicy }: ApplicationSpec,
  last: OperationState | undefined,
): boolean {
  const wanted = syncPolicy?.managedNamespaceMetadata;
  if (wanted === undefined || last?.syncResult === undefined) return false;
  return !equal(wanted, last.syncResult.managedNamespaceMetadata);
}

/** The types of the schema hold nothing but JSON. */
function equal(left: object | undefined, right: object | undefined): boolean {
  return jsonEqual(left as JsonValue | undefined, right as JsonValue | undefined);
}
