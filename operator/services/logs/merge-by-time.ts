import type { Clock } from '../../ports/clock.ts';

/** Something that was said at a time, as a text that sorts. */
export interface Timed {
  readonly time: string;
}

interface Source<T> {
  readonly iterator: AsyncIterator<T>;
  /** The next one, when it is there. */
  head: T | undefined;
  /** Resolves when the next one is there, or the source has ended. */
  pending: Promise<void> | undefined;
  ended: boolean;
}

/**
 * Several ordered streams as one, ordered by time. Holds one item of each: who reads slowly slows the
 * sources. A source that says nothing is waited for no longer than `patienceMs` while others have
 * something to say. Ends when all have ended; rejects with what a source rejects with, or with
 * `signal.reason`; then, and when it is left, the sources are released.
 */
export async function* mergeByTime<T extends Timed>(
  streams: readonly AsyncIterable<T>[],
  { clock, patienceMs }: { readonly clock: Clock; readonly patienceMs: number },
  signal: AbortSignal,
): AsyncGenerator<T> {
  const sources = streams.map((stream): Source<T> => {
    const iterator = stream[Symbol.asyncIterator]();
    return { iterator, head: undefined, pending: undefined, ended: false };
  });
  try {
    for (;;) {
      signal.throwIfAborted();
      const open = sources.filter((source) => source.head === undefined && !source.ended);
      for (const source of open) source.pending ??= advance(source);
      const waiting = open.flatMap(({ pending }) => pending ?? []);
      const ready = sources.some(({ head }) => head !== undefined);
      if (waiting.length === 0 && !ready) return;
      if (!ready) {
        await Promise.race(waiting);
        continue;
      }
      if (waiting.length > 0) await patiently(Promise.all(waiting));
      const first = earliest(sources);
      if (first?.head === undefined) continue;
      const { head } = first;
      first.head = undefined;
      yield head;
    }
  } finally {
    // Not awaited: a source that waits for its next line ends by the signal.
    for (const { iterator } of sources) void iterator.return?.().catch(() => undefined);
  }

  async function patiently(all: Promise<unknown>): Promise<void> {
    const stop = new AbortController();
    const sleep = clock.sleep(patienceMs, AbortSignal.any([signal, stop.signal]));
    try {
      await Promise.race([all, sleep]);
    } finally {
      stop.abort(new Error('all are there'));
      sleep.catch(() => undefined);
    }
  }
}

async function advance<T>(source: Source<T>): Promise<void> {
  const next = await source.iterator.next();
  source.pending = undefined;
  if (next.done === true) source.ended = true;
  else source.head = next.value;
}

function earliest<T extends Timed>(sources: readonly Source<T>[]): Source<T> | undefined {
  let first: Source<T> | undefined;
  for (const source of sources) {
    if (source.head === undefined) continue;
    if (first?.head === undefined || source.head.time < first.head.time) first = source;
  }
  return first;
}
