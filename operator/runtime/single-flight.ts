import { untilAborted } from './keyed-lock.ts';

/** One piece of work per key at a time, shared by all who ask for it meanwhile. */
export interface SingleFlight {
  /**
   * Joins the work under way for the key, or starts it. A caller's abort ends that caller's wait;
   * the work itself is aborted when nobody waits for it any more.
   */
  run<T>(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
}

interface Flight {
  readonly result: Promise<unknown>;
  readonly stop: AbortController;
  waiters: number;
}

export function createSingleFlight(): SingleFlight {
  const flights = new Map<string, Flight>();

  function start(key: string, work: (signal: AbortSignal) => Promise<unknown>): Flight {
    const stop = new AbortController();
    const result = work(stop.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    result.catch(() => {}); // whoever waits sees the failure; nobody may be waiting any more
    const flight: Flight = { result, stop, waiters: 0 };
    flights.set(key, flight);
    return flight;
  }

  return {
    async run<T>(
      key: string,
      work: (signal: AbortSignal) => Promise<T>,
      signal: AbortSignal,
    ): Promise<T> {
      signal.throwIfAborted();
      const flight = flights.get(key) ?? start(key, work);
      flight.waiters += 1;
      try {
        // The key names the work, so whoever shares a flight expects the same type.
        return (await untilAborted(flight.result, signal)) as T;
      } finally {
        flight.waiters -= 1;
        if (flight.waiters === 0 && flights.get(key) === flight) {
          flights.delete(key);
          flight.stop.abort(signal.reason);
        }
      }
    },
  };
}
