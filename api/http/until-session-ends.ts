import { type Clock, hasCode } from '../../operator/index.ts';

/** How long a stream goes on after the token counts no more. */
const RECHECK_MS = 10_000;

/**
 * A signal that is aborted, with the reason, once `recheck` says `Unauthenticated`: a stream may last for weeks, and a
 * token may be revoked in the next minute. What else goes wrong while asking, such as a provider that cannot be reached,
 * ends nothing and is asked again. Asks until `signal` is aborted.
 */
export function untilSessionEnds(
  recheck: (signal: AbortSignal) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): AbortSignal {
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(RECHECK_MS, signal);
      try {
        await recheck(signal);
      } catch (error) {
        if (!hasCode(error, 'Unauthenticated')) continue;
        over.abort(error);
        return;
      }
    }
  };
  watch().catch(() => {}); // ends by the signal only
  return over.signal;
}
