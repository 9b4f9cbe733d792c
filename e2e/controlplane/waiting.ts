import { setTimeout as delay } from 'node:timers/promises';

/**
 * The harness keeps its own time and errors: it must not stand on the code that it tests.
 *
 * Resolves after `ms`; rejects with `signal.reason`.
 */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

/** Milliseconds that only ever grow. */
export const monotonicMs = (): number => performance.now();

/** Something that has to be installed by hand; the message says what, the hint how. */
export class MissingToolError extends Error {
  override readonly name = 'MissingToolError';

  constructor(message: string, hint: string) {
    super(`${message}\n${hint}`);
  }
}
