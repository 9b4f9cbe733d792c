export interface BackoffOptions {
  /** First delay. */
  readonly minMs: number;
  /** No delay is longer than this, jitter included. */
  readonly maxMs: number;
  readonly factor: number;
  /** 0 … 1: the part of each delay that is random. */
  readonly jitter: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface Backoff {
  /** The next delay in milliseconds. */
  next(): number;
  /** Starts again at the first delay; call it after success. */
  reset(): void;
}

/** Delay of the n-th retry (0 is the first), without jitter. */
export function backoffDelay(
  attempt: number,
  { minMs, maxMs, factor }: { minMs: number; maxMs: number; factor: number },
): number {
  return minMs === 0 ? 0 : Math.min(maxMs, minMs * factor ** attempt); // 0 × ∞ would be NaN
}

/** Growing delays for repeated attempts at one thing. */
export function createBackoff(options: BackoffOptions): Backoff {
  let attempt = 0;
  return {
    next() {
      const delay = backoffDelay(attempt, options);
      if (delay < options.maxMs) attempt += 1;
      return delay * (1 - options.jitter * options.random());
    },
    reset() {
      attempt = 0;
    },
  };
}
