import { untilAborted } from './keyed-lock.ts';

/** One piece of work per key at a time, shared by all who ask for it meanwhile. */
export interface SingleFlight {
  /**
   * Joins the work under way for the key, or starts it. A caller's abort ends that caller's wait;
   * the work itself is aborted when nobody waits for it any more. Whoever asks again then waits
   * until the aborted work has ended.
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
  const ending = new Map<string, Promise<void>>();

  function start(key: string, work: (signal: AbortSignal) => Promise<unknown>): Flight {
    const stop = new AbortController();
    const before = ending.get(key);
    const begun =
      before === undefined
        ? work(stop.signal)
        : before.then(() => {
            stop.signal.throwIfAborted();
            return work(stop.signal);
          });
    const result = begun.finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    result.catch(() => {}); // whoever waits sees the failure; nobody may be waiting any more
    const flight: Flight = { result, stop, waiters: 0 };
    flights.set(key, flight);
    return flight;
  }

  function abandon(key: string, flight: Flight, reason: unknown): void {
    flights.delete(key);
    const settled = () => {
      if (ending.get(key) === end) ending.delete(key);
    };
    const end = flight.result.then(settled, settled);
    ending.set(key, end);
    flight.stop.abort(reason);
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
        if (flight.waiters === 0 && flights.get(key) === flight)
          abandon(key, flight, signal.reason);
      }
    },
  };
}
