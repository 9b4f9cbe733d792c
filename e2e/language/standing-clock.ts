import { systemClock, type Clock } from 'tiphys';

/**
 * A clock on the wall that stands until a test sets it forward, for an operator that works on a real
 * cluster. Durations go on meanwhile, so that requests, retries and polls work as ever; what is due by
 * the new time happens when it is set, as on a machine that was asleep.
 */
export interface StandingClock extends Clock {
  /** To a later moment, as in `2031-03-05T22:00:00Z`. */
  moveTo(time: string): void;
}

export function createStandingClock(time: string): StandingClock {
  let wallMs = Date.parse(time);
  let skippedMs = 0;
  const waiting = new Set<{ readonly atMs: number; readonly ring: () => void }>();
  const monotonic = (): number => systemClock.monotonic() + skippedMs;

  function schedule(ms: number, callback: () => void): Disposable {
    const alarm = {
      atMs: monotonic() + ms,
      ring() {
        timer[Symbol.dispose]();
        if (waiting.delete(alarm)) callback();
      },
    };
    const timer = systemClock.schedule(ms, alarm.ring);
    waiting.add(alarm);
    return {
      [Symbol.dispose]() {
        timer[Symbol.dispose]();
        waiting.delete(alarm);
      },
    };
  }

  return {
    now: () => wallMs,
    monotonic,
    schedule,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const stop = () => {
          alarm[Symbol.dispose]();
          reject(signal.reason);
        };
        const alarm = schedule(ms, () => {
          signal.removeEventListener('abort', stop);
          resolve();
        });
        signal.addEventListener('abort', stop, { once: true });
      });
    },
    moveTo(later) {
      const byMs = Date.parse(later) - wallMs;
      if (!(byMs >= 0)) throw new RangeError(`${later} is no later moment`);
      wallMs += byMs;
      skippedMs += byMs;
      const due = [...waiting].filter(({ atMs }) => atMs <= monotonic());
      for (const { ring } of due.sort((one, other) => one.atMs - other.atMs)) ring();
    },
  };
}
