import type { Application, SourceHydrator } from '../app/types.ts';
import { jsonEqual, type JsonValue } from '../objects/json.ts';

export const HYDRATE_ANNOTATION = 'argocd.argoproj.io/hydrate';
export const HYDRATE_TIMESTAMP_ANNOTATION = 'argocd.argoproj.io/hydrate-timestamp';

export type HydrationReason =
  | 'NeverHydrated'
  | 'HardRequested'
  | 'SpecChanged'
  | 'Interrupted'
  | 'RetryRequested'
  | 'RetryDue'
  | 'RevisionAfterFailure'
  | 'DryRevisionMoved';

/** Whether an application is to be hydrated, and why; `retryAtMs`: when to ask again, wall clock. */
export type HydrationNeed =
  | { readonly type: 'none'; readonly retryAtMs?: number }
  | { readonly type: 'hydrate'; readonly reason: HydrationReason };

export interface HydrationFacts {
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number;
  /** Commit of the dry source now; empty when it is not known. */
  readonly dryCommit: string;
  /** RFC 3339 to milliseconds since 1970; not a number when it is no time. */
  readonly parseTime: (text: string) => number;
}

/** How long a failure is left alone. */
export const HYDRATION_RETRY_MS = 120_000;

/**
 * Whether an application needs hydration; the first reason wins. Asked by the only one who hydrates its group, so an
 * operation that still runs was interrupted.
 */
export function hydrationNeeded(
  { spec, status, metadata }: Pick<Application, 'spec' | 'status' | 'metadata'>,
  { nowMs, dryCommit, parseTime }: HydrationFacts,
): HydrationNeed {
  const need = (reason: HydrationReason): HydrationNeed => ({ type: 'hydrate', reason });
  const asked = metadata.annotations[HYDRATE_ANNOTATION];
  const { currentOperation: last, lastComparedDryRevision } = status.sourceHydrator ?? {};
  if (last === undefined) return need('NeverHydrated');
  if (asked === 'hard') return need('HardRequested');
  if (!sameHydrator(last.sourceHydrator, spec.sourceHydrator)) return need('SpecChanged');
  switch (last.phase) {
    case 'Failed': {
      if (asked !== undefined) return need('RetryRequested');
      if (isNew(dryCommit, last.drySHA)) return need('RevisionAfterFailure');
      const retryAtMs = parseTime(last.finishedAt ?? '') + HYDRATION_RETRY_MS;
      return retryAtMs > nowMs ? { type: 'none', retryAtMs } : need('RetryDue');
    }
    case 'Hydrated': {
      const known = lastComparedDryRevision ?? last.drySHA;
      return isNew(dryCommit, known) ? need('DryRevisionMoved') : { type: 'none' };
    }
    default:
      return need('Interrupted');
  }
}

const isNew = (commit: string, known: string | undefined): boolean =>
  commit !== '' && commit !== known;

/** Reasons for which a dry commit that Git records as hydrated is left as it is. */
const RESUMED: ReadonlySet<HydrationReason> = new Set<HydrationReason>([
  'Interrupted',
  'RetryRequested',
  'RetryDue',
]);

/** Whether what Git records of this dry commit may be trusted. */
export function trustsRecord(reasons: readonly HydrationReason[]): boolean {
  return reasons.every((reason) => RESUMED.has(reason));
}

/** Whether nothing is worth telling when it turns out that nothing changed. */
export function isQuiet(reasons: readonly HydrationReason[]): boolean {
  return reasons.every((reason) => reason === 'DryRevisionMoved');
}

function sameHydrator(left: SourceHydrator | undefined, right: SourceHydrator | undefined) {
  // A parsed spec holds nothing but JSON.
  return jsonEqual(left as unknown as JsonValue, right as unknown as JsonValue);
}
