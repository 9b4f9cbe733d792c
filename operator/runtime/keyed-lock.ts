/** Work on one key at a time, in order of arrival; different keys do not wait for each other. */
export interface KeyedLock {
  /** Runs `work` when the key is free. An abort while waiting rejects with `signal.reason` and leaves the queue. */
  run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>();

  return {
    async run(key, signal, work) {
      signal.throwIfAborted();
      const before = tails.get(key);
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const tail = before === undefined ? released : before.then(() => released);
      tails.set(key, tail);
      // Only when everyone before has ended, too: who leaves the queue early frees nothing.
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      try {
        if (before !== undefined) await untilAborted(before, signal);
        return await work();
      } finally {
        release();
      }
    },
  };
}

/** Waits for a promise, but no longer than the signal allows. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => {}); // nobody waits for it any more
      return reject(signal.reason);
    }
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const settled = () => signal.removeEventListener('abort', abort);
    promise.then(settled, settled);
    promise.then(resolve, reject);
  });
}
