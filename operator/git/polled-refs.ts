import { TiphysError, toTiphysError } from '../core/errors.ts';
import { hostOf } from '../core/repository/find-repository.ts';
import { type RefTable, refTablesEqual } from '../core/revision/ref-table.ts';
import { withoutCredentials } from '../core/revision/repository-url.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createKeyedLock } from '../runtime/keyed-lock.ts';
import { createPace } from '../runtime/pace.ts';
import { createSingleFlight } from '../runtime/single-flight.ts';
import type { Mirror } from './mirror.ts';

export interface PolledRefsOptions {
  readonly clock: Clock;
  /** 0 ≤ x < 1; spreads the polls. */
  readonly random: () => number;
  readonly logger: Logger;
  /** A table of refs is served for this long, plus up to the jitter, before the server is asked again; 0: until somebody insists. */
  readonly pollIntervalMs: number;
  readonly pollJitterMs: number;
  /** Polls of repositories on one host are at least so far apart. */
  readonly pollSpacingMs: number;
  /** Longest time for listing refs. */
  readonly listTimeoutMs: number;
  /** Polling stops, and the reading process ends, when a repository was not used for so long. */
  readonly idleAfterMs: number;
  /** After a failure, askers that do not insist get the same failure for so long. */
  readonly failureMs: number;
}

/** How the last try to talk to a repository ended. */
export interface RepositoryConnection {
  readonly url: string;
  /** The project whose registration it was; empty: all. */
  readonly project: string;
  readonly status: 'Successful' | 'Failed';
  /** Why it failed; empty when it did not. Without secrets. */
  readonly message: string;
  /** Wall clock, milliseconds since 1970. */
  readonly attemptedAtMs: number;
}

/** The repository whose refs are wanted. */
export interface PolledRepository {
  readonly key: string;
  readonly url: string;
  readonly scope: string;
  readonly mirror: Pick<Mirror, 'listRefs' | 'rest'>;
  /** Told when its refs are others than before, or when they are worth another try. */
  moved(): void;
}

/** The refs of one repository. */
export interface Refs {
  /** As known, or with `fresh` as the server has them now. Errors: what listing says. */
  read(fresh: boolean, signal: AbortSignal): Promise<RefTable>;
  /** Somebody needs the repository: it is polled on. */
  use(): void;
  readonly lastUsedMs: number;
  readonly connection: RepositoryConnection | undefined;
  /** What failed is worth another try. */
  reconsider(): void;
}

/** The refs of many repositories. Disposing ends the polls, and waits for what is under way. */
export interface PolledRefs extends AsyncDisposable {
  /** Nothing happens before it is read; from then on it is polled while it is used. */
  of(repository: PolledRepository): Refs;
}

/** Listing the refs of one repository takes at most a quarter of the time, and happens ten times a second at most. */
const LISTING_REST = { rest: 3, shortestMs: 100, longestMs: 1_000 };

/** One listing at a time for each repository, for all who wait, with a rest between two of them. */
export function createPolledRefs(options: PolledRefsOptions): PolledRefs {
  const { clock, logger, listTimeoutMs } = options;
  const isPolled = options.pollIntervalMs > 0;
  const flights = createSingleFlight();
  const lock = createKeyedLock();
  const stopped = new AbortController();
  const polls = new Set<Promise<void>>();
  const timers = new Map<string, Disposable>();
  /** When the next poll may go to a host. */
  const hosts = new Map<string, number>();

  /** Polls of one host keep a distance; whoever waits for an answer is never held back. */
  function waitForHost(url: string): number {
    const host = hostOf(url);
    const now = clock.monotonic();
    const free = hosts.get(host) ?? now;
    if (free > now) return free - now;
    hosts.set(host, now + options.pollSpacingMs);
    return 0;
  }

  function refsOf({ key, url, scope, mirror, moved }: PolledRepository): Refs {
    let table: { readonly refs: RefTable; readonly untilMs: number } | undefined;
    let failure: { readonly error: unknown; readonly untilMs: number } | undefined;
    let connection: RepositoryConnection | undefined;
    /** Counts listings begun: who asks while one is under way must get the next, not that one. */
    let listings = 0;
    let lastUsedMs = 0;
    // A refresh of many applications asks again and again; a git process for each would be most of the work.
    const pace = createPace({ clock, ...LISTING_REST });

    /** Asks the server now. Callers that come while a listing is under way share the next one. */
    function list(signal: AbortSignal): Promise<RefTable> {
      const listOnce = async (stop: AbortSignal): Promise<RefTable> => {
        const end = AbortSignal.any([stop, stopped.signal]);
        await pace.ready(end); // whoever asks meanwhile shares this one
        listings += 1;
        return await pace.run(() => renew(end));
      };
      return flights.run(
        `${key} ${listings}`,
        (stop) => lock.run(key, stop, () => listOnce(stop)),
        signal,
      );
    }

    async function renew(signal: AbortSignal): Promise<RefTable> {
      try {
        const refs = await mirror.listRefs(signal);
        const before = table?.refs;
        const freshMs = isPolled
          ? options.pollIntervalMs + options.random() * options.pollJitterMs
          : Infinity;
        // The poll comes before the end, so that nobody finds the table too old while it is renewed.
        table = { refs, untilMs: clock.monotonic() + freshMs + listTimeoutMs };
        failure = undefined;
        note(undefined);
        schedulePoll(freshMs);
        if (before !== undefined && !refTablesEqual(before, refs)) moved();
        return refs;
      } catch (error) {
        if (!signal.aborted) {
          failure = { error, untilMs: clock.monotonic() + options.failureMs };
          note(error);
          if (table !== undefined) schedulePoll(options.pollIntervalMs);
        }
        throw error;
      }
    }

    function note(error: unknown): void {
      connection = {
        url: withoutCredentials(url),
        project: scope,
        status: error === undefined ? 'Successful' : 'Failed',
        message: error === undefined ? '' : toTiphysError(error).message,
        attemptedAtMs: clock.now(),
      };
    }

    /** The table while it is young enough, the failure while it is. */
    function current(): RefTable | undefined {
      const now = clock.monotonic();
      if (table !== undefined && now < table.untilMs) return table.refs;
      if (failure !== undefined && now < failure.untilMs) throw failure.error;
      return undefined;
    }

    function schedulePoll(delayMs: number): void {
      timers.get(key)?.[Symbol.dispose]();
      timers.delete(key);
      if (stopped.signal.aborted || !isPolled) return;
      const due = (): void => {
        const waitMs = waitForHost(url);
        if (waitMs > 0) return schedulePoll(waitMs);
        const poll = pollOnce().finally(() => polls.delete(poll));
        polls.add(poll);
      };
      timers.set(key, clock.schedule(delayMs, due));
    }

    async function pollOnce(): Promise<void> {
      timers.delete(key);
      if (clock.monotonic() - lastUsedMs > options.idleAfterMs) {
        mirror.rest(); // the next use lists again, and so begins to poll again
        return;
      }
      try {
        await list(stopped.signal);
      } catch (error) {
        if (stopped.signal.aborted) return;
        // Whoever asks next gets the error with its hint; here nobody asked.
        logger.warn({ repository: withoutCredentials(url), err: error }, 'repository poll failed');
      }
    }

    return {
      async read(fresh, signal) {
        if (fresh) return await list(signal);
        // Everybody who has no table waits for the one listing, then finds it here.
        const first = async (stop: AbortSignal) => current() ?? (await list(stop));
        return current() ?? (await flights.run(`${key} first`, first, signal));
      },
      use() {
        lastUsedMs = clock.monotonic();
      },
      get lastUsedMs() {
        return lastUsedMs;
      },
      get connection() {
        return connection;
      },
      reconsider() {
        if (failure === undefined) return;
        failure = undefined;
        moved();
      },
    };
  }

  const keys = new Set<string>();
  return {
    of(repository) {
      keys.add(repository.key);
      return refsOf(repository);
    },
    async [Symbol.asyncDispose]() {
      stopped.abort(new TiphysError('Internal', 'git repositories: stopped'));
      for (const timer of timers.values()) timer[Symbol.dispose]();
      await Promise.all(polls);
      const free = new AbortController().signal;
      await Promise.all(Array.from(keys, (key) => lock.run(key, free, async () => {})));
    },
  };
}
