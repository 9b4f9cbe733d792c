import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';

/** A signal that ends with its parent or at its deadline, whichever comes first. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Bounds work in time. The abort reason of the deadline is a `Timeout` error, so it cannot be
 * mistaken for a shutdown. Dispose it when the work is done, or the timer stays.
 */
export function withDeadline(signal: AbortSignal, ms: number, clock: Clock): Deadline {
  const controller = new AbortController();
  const timer = clock.schedule(ms, () =>
    controller.abort(new TiphysError('Timeout', `not finished within ${ms} ms`)),
  );
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', abort);
    },
  };
}
