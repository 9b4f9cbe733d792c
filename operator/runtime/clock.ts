import type { Clock } from '../ports/clock.ts';

/** The machine's own time. Its timers keep the process alive only while somebody waits. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const abort = () => {
        timer[Symbol.dispose]();
        reject(signal.reason);
      };
      const timer = after(ms, true, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  },
  schedule: (ms, callback) => after(ms, false, callback),
};

/** Node fires longer timers at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function after(ms: number, keepAlive: boolean, callback: () => void): Disposable {
  const part = Math.min(ms, LONGEST_TIMER_MS);
  let rest: Disposable | undefined;
  const timer = setTimeout(() => {
    if (ms > part) rest = after(ms - part, keepAlive, callback);
    else callback();
  }, part);
  if (!keepAlive) timer.unref();
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      rest?.[Symbol.dispose]();
    },
  };
}

/** A clock that stands still until a test moves it. Both times start together and move together. */
export interface VirtualClock extends Clock {
  /** Moves time forward, runs what is due in order of time, and lets promises settle in between. */
  advance(ms: number): Promise<void>;
  /** How many sleepers and callbacks are waiting. */
  readonly pending: number;
}

/** Time for tests; `startMs` is the first wall-clock reading. */
export function createVirtualClock(startMs = 0): VirtualClock {
  let now = startMs;
  let order = 0;
  const timers = new Map<number, { at: number; callback: () => void }>();

  function add(ms: number, callback: () => void): Disposable {
    const id = order++;
    timers.set(id, { at: now + Math.max(0, ms), callback });
    return { [Symbol.dispose]: () => void timers.delete(id) };
  }

  function nextDue(until: number): number | undefined {
    let due: number | undefined;
    for (const [id, { at }] of timers) {
      const best = due === undefined ? undefined : timers.get(due);
      if (at <= until && (best === undefined || at < best.at)) due = id;
    }
    return due;
  }

  return {
    now: () => now,
    monotonic: () => now - startMs,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const timer = add(ms, () => {
          signal.removeEventListener('abort', abort);
          resolve();
        });
        const abort = () => {
          timer[Symbol.dispose]();
          reject(signal.reason);
        };
        signal.addEventListener('abort', abort, { once: true });
      });
    },
    schedule: add,
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let id = nextDue(until); id !== undefined; id = nextDue(until)) {
        const timer = timers.get(id);
        timers.delete(id);
        if (timer === undefined) continue;
        now = Math.max(now, timer.at);
        timer.callback();
        await settle();
      }
      now = until;
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Lets everything run that waits only on promises. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
