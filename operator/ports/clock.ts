/**
 * Time as a service. Timestamps come from `now`, durations from `monotonic`: the wall clock can jump.
 * `runtime/clock.ts` has the real one and a virtual one for tests.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only ever grow. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with `signal.reason` when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls back once after `ms` unless disposed before. */
  schedule(ms: number, callback: () => void): Disposable;
}
