import type { Clock } from '../ports/clock.ts';

export interface AddOptions {
  /** Not before this many milliseconds from now. Default 0. */
  readonly afterMs?: number;
  /** Higher runs first among what is due. Default 0; use negative numbers for background work. */
  readonly priority?: number;
}

/**
 * A queue of keys for a controller loop.
 *
 * Guarantees: a key is in the queue at most once; it is never handed out twice at the same time; a
 * key added while it is being worked on is handed out once more afterwards; adding again keeps the
 * earlier time and the higher priority. Keys of one priority come in order of their due time.
 */
export interface WorkQueue<K> extends Disposable {
  add(key: K, options?: AddOptions): void;
  /** Takes the next key that is due; waits for one. Rejects with `signal.reason`. */
  take(signal: AbortSignal): Promise<K>;
  /** Gives a taken key back. Every taken key must be given back. */
  done(key: K): void;
  /** Due now or later, without those being worked on. */
  readonly length: number;
  readonly active: number;
  /** How many keys are due now. */
  readonly due: number;
}

interface Entry {
  at: number;
  priority: number;
  order: number;
}

/** A queue by the clock's monotonic time. */
export function createWorkQueue<K>(clock: Clock): WorkQueue<K> {
  const waiting = new Map<K, Entry>();
  const active = new Set<K>();
  const again = new Map<K, Entry>();
  const takers: ((key: K) => void)[] = [];
  let order = 0;
  let alarm: Disposable | undefined;
  let alarmAt = Number.POSITIVE_INFINITY;

  function merge(into: Map<K, Entry>, key: K, entry: Entry): void {
    const existing = into.get(key);
    if (existing === undefined) {
      into.set(key, entry);
      return;
    }
    existing.at = Math.min(existing.at, entry.at);
    existing.priority = Math.max(existing.priority, entry.priority);
  }

  function next(now: number): K | undefined {
    let best: [K, Entry] | undefined;
    for (const candidate of waiting) {
      if (candidate[1].at > now) continue;
      if (best === undefined || precedes(candidate[1], best[1])) best = candidate;
    }
    return best?.[0];
  }

  function hand(): void {
    const now = clock.monotonic();
    while (takers.length > 0) {
      const key = next(now);
      if (key === undefined) break;
      waiting.delete(key);
      active.add(key);
      takers.shift()?.(key);
    }
    if (takers.length > 0) setAlarm(now);
  }

  function setAlarm(now: number): void {
    let soonest = Number.POSITIVE_INFINITY;
    for (const { at } of waiting.values()) soonest = Math.min(soonest, at);
    if (soonest === alarmAt) return;
    alarm?.[Symbol.dispose]();
    alarm = undefined;
    alarmAt = soonest;
    if (soonest === Number.POSITIVE_INFINITY) return;
    alarm = clock.schedule(Math.max(0, soonest - now), () => {
      alarmAt = Number.POSITIVE_INFINITY;
      hand();
    });
  }

  return {
    add(key, { afterMs = 0, priority = 0 } = {}) {
      const entry = { at: clock.monotonic() + afterMs, priority, order: order++ };
      merge(active.has(key) ? again : waiting, key, entry);
      if (!active.has(key)) hand();
    },
    take(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const abort = () => {
          const index = takers.indexOf(taker);
          if (index >= 0) takers.splice(index, 1);
          reject(signal.reason);
        };
        const taker = (key: K) => {
          signal.removeEventListener('abort', abort);
          resolve(key);
        };
        signal.addEventListener('abort', abort, { once: true });
        takers.push(taker);
        hand();
      });
    },
    done(key) {
      active.delete(key);
      const entry = again.get(key);
      again.delete(key);
      if (entry !== undefined) merge(waiting, key, entry);
      hand();
    },
    get length() {
      return waiting.size;
    },
    get active() {
      return active.size;
    },
    get due() {
      const now = clock.monotonic();
      let count = 0;
      for (const { at } of waiting.values()) if (at <= now) count += 1;
      return count;
    },
    [Symbol.dispose]() {
      alarm?.[Symbol.dispose]();
      waiting.clear();
      again.clear();
    },
  };
}

function precedes(left: Entry, right: Entry): boolean {
  if (left.priority !== right.priority) return left.priority > right.priority;
  if (left.at !== right.at) return left.at < right.at;
  return left.order < right.order;
}
