/** When renders that keep failing are left alone for a while, as the incumbent pauses generation. */
export interface PauseRule {
  /** So many failures in a row begin a pause; 0: never. */
  readonly afterFailures: number;
  /** It ends so long after the first of them; 0: not by time. */
  readonly forMs: number;
  /** It ends after so many answers from memory; 0: not by their number. */
  readonly forRequests: number;
}

/** The failures of one render, which is always the same files, parameters and facts. */
export interface Failures {
  readonly count: number;
  /** When the first happened; a clock that only grows. */
  readonly firstMs: number;
  /** What failed by its content is not tried again before this. */
  readonly heldUntilMs: number;
  /** Answers given during a pause. */
  readonly answered: number;
  readonly error: unknown;
}

export type Answer =
  | { readonly type: 'try'; readonly failures: Failures | undefined }
  /** The same failure again, as nothing else can come out so soon. */
  | { readonly type: 'held'; readonly error: unknown }
  /** `failures` counts this answer. */
  | { readonly type: 'paused'; readonly failures: Failures; readonly untilMs: number | undefined };

/** What to answer when a render is wanted that has failed before. */
export function whenWanted(failures: Failures | undefined, rule: PauseRule, nowMs: number): Answer {
  if (failures === undefined) return { type: 'try', failures };
  if (rule.afterFailures > 0 && failures.count >= rule.afterFailures) {
    const untilMs = rule.forMs > 0 ? failures.firstMs + rule.forMs : undefined;
    const isOver =
      (untilMs !== undefined && nowMs >= untilMs) ||
      (rule.forRequests > 0 && failures.answered >= rule.forRequests);
    if (isOver) return { type: 'try', failures: undefined };
    return { type: 'paused', failures: { ...failures, answered: failures.answered + 1 }, untilMs };
  }
  if (nowMs < failures.heldUntilMs) return { type: 'held', error: failures.error };
  return { type: 'try', failures };
}

/** After one more failure. */
export function afterFailure(
  before: Failures | undefined,
  error: unknown,
  nowMs: number,
  heldMs: number,
): Failures {
  return {
    count: (before?.count ?? 0) + 1,
    firstMs: before?.firstMs ?? nowMs,
    heldUntilMs: nowMs + heldMs,
    answered: before?.answered ?? 0,
    error,
  };
}
