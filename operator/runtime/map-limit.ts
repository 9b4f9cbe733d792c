import { TiphysError } from '../core/errors.ts';

/**
 * Maps with at most `limit` calls under way. Results stand at the index of their item. The first
 * failure aborts the signal handed to the others, waits until they have ended, and is thrown.
 * `limit` is at least 1.
 */
export async function mapLimit<T, R>(
  items: readonly T[],
  limit: number,
  fn: (item: T, signal: AbortSignal, index: number) => Promise<R>,
  signal: AbortSignal,
): Promise<R[]> {
  if (!(limit >= 1))
    throw new TiphysError('Internal', `mapLimit: a limit of ${limit} runs nothing`);
  signal.throwIfAborted();
  const results = new Array<R>(items.length);
  const stop = new AbortController();
  const abort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  let failure: { error: unknown } | undefined;
  const entries = items.entries();

  async function work(): Promise<void> {
    for (const [index, item] of entries) {
      if (stop.signal.aborted) return;
      try {
        results[index] = await fn(item, stop.signal, index);
      } catch (error) {
        failure ??= { error };
        stop.abort(error);
      }
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  } finally {
    signal.removeEventListener('abort', abort);
  }
  if (failure !== undefined) throw failure.error;
  signal.throwIfAborted();
  return results;
}
