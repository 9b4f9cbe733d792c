import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseLock, LeaseRecord, StoredLease } from '../ports/lease.ts';
import { withDeadline } from './deadline.ts';

export interface LeaderElectionOptions {
  readonly lock: LeaseLock;
  /** Unique to this process, e.g. host name and a random part. */
  readonly identity: string;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** For how long after a renewal the others stay away. Default 12 s. */
  readonly leaseMs?: number;
  /** Leadership ends when it could not be renewed for so long; shorter than `leaseMs`. Default 8 s. */
  readonly renewDeadlineMs?: number;
  /** Between attempts to acquire or renew. Default 2 s. */
  readonly retryMs?: number;
  /** Told of every failed attempt to read or write the lease. */
  readonly onTrouble?: (error: unknown) => void;
}

const LEASE_MS = 12_000;
const RENEW_DEADLINE_MS = 8_000;
const RETRY_MS = 2_000;

/** Being the leader. Disposing gives the lease up, so that another can take it at once; do it when the work has stopped. */
export interface Leadership extends AsyncDisposable {
  /** Aborted when leadership is lost; the reason is a `TiphysError` whose field `cause` is `lost-leadership`. */
  readonly signal: AbortSignal;
}

/**
 * Waits until this process is the only leader.
 *
 * Flow: read the lease; take it when it is free, or when it was seen unchanged for its whole
 * duration; then renew it every `retryMs` until disposed of.
 *
 * Guarantees: the signal of a leader is aborted before another can take the lease. A leader counts
 * from the moment *before* it sent its last renewal and stops after `renewDeadlineMs`; a follower
 * counts from the moment *after* it first saw that renewal and waits for `leaseMs`, which is longer.
 * Both count on their own monotonic clock, so that wrong wall clocks do no harm. A follower looks
 * again at the moment the lease runs out, so that one takes over from a killed leader within
 * `leaseMs` and one and a half `retryMs`.
 *
 * Caveats: a process that is frozen longer than the difference notices only when it wakes; work
 * already sent then may arrive late. Errors while waiting are told to `onTrouble` and waited out.
 *
 * Rejects with `signal.reason` when aborted.
 */
export async function acquireLeadership(
  options: LeaderElectionOptions,
  signal: AbortSignal,
): Promise<Leadership> {
  const { lock, clock, random, retryMs = RETRY_MS, renewDeadlineMs = RENEW_DEADLINE_MS } = options;
  let seen: { readonly version: string; readonly atMs: number } | undefined;
  for (;;) {
    signal.throwIfAborted();
    const startedAtMs = clock.monotonic();
    let freeAtMs = Infinity;
    try {
      using deadline = withDeadline(signal, renewDeadlineMs, clock);
      const held = await lock.get(deadline.signal);
      if (held !== undefined && held.version !== seen?.version) {
        seen = { version: held.version, atMs: clock.monotonic() };
      }
      freeAtMs = (seen?.atMs ?? 0) + (held?.durationMs ?? 0);
      const givenUp = held === undefined || held.holder === '';
      if (givenUp || clock.monotonic() >= freeAtMs) {
        const claimAtMs = clock.monotonic();
        const taken = await lock.update(claim(options, held), held?.version, deadline.signal);
        if (taken !== undefined) return lead(options, taken, claimAtMs);
      }
    } catch (error) {
      signal.throwIfAborted();
      options.onTrouble?.(error);
    }
    const nextAtMs = Math.min(startedAtMs + retryMs * (1 + 0.2 * random()), freeAtMs);
    await clock.sleep(Math.max(nextAtMs - clock.monotonic(), retryMs / 4), signal);
  }
}

function claim(options: LeaderElectionOptions, held: StoredLease | undefined): LeaseRecord {
  const now = options.clock.now();
  return {
    holder: options.identity,
    durationMs: options.leaseMs ?? LEASE_MS,
    acquiredAtMs: now,
    renewedAtMs: now,
    transitions: (held?.transitions ?? -1) + 1,
  };
}

function lead(options: LeaderElectionOptions, taken: StoredLease, claimAtMs: number): Leadership {
  const {
    lock,
    clock,
    identity,
    retryMs = RETRY_MS,
    renewDeadlineMs = RENEW_DEADLINE_MS,
  } = options;
  const lost = new AbortController();
  const stop = new AbortController();
  let held = taken;
  let renewedAtMs = claimAtMs;
  let fence = raiseFence();

  function raiseFence(): Disposable {
    const leftMs = renewedAtMs + renewDeadlineMs - clock.monotonic();
    return clock.schedule(leftMs, () => lose('it could not be renewed in time'));
  }

  function lose(why: string, cause?: unknown): void {
    fence[Symbol.dispose]();
    lost.abort(
      new TiphysError('Timeout', `lease ${lock.name}: leadership lost: ${why}`, {
        ...(cause === undefined ? {} : { cause }),
        hint: 'Nothing to do: another instance takes over, or this one does again.',
        fields: { cause: 'lost-leadership' },
      }),
    );
  }

  async function renew(signal: AbortSignal): Promise<void> {
    const startedAtMs = clock.monotonic();
    const record = { ...held, holder: identity, renewedAtMs: clock.now() };
    const stored = await lock.update(record, held.version, signal);
    if (stored === undefined) {
      // The lease moved on: either an earlier renewal arrived though its answer did not, or it was taken.
      const now = await lock.get(signal);
      if (now?.holder !== identity) return lose(`taken by ${now?.holder ?? 'nobody'}`);
      held = now;
      return;
    }
    held = stored;
    renewedAtMs = startedAtMs;
    fence[Symbol.dispose]();
    if (!lost.signal.aborted) fence = raiseFence();
  }

  const either = AbortSignal.any([stop.signal, lost.signal]);
  const renewing = (async () => {
    while (!either.aborted) {
      try {
        await clock.sleep(retryMs, either);
        await renew(either);
      } catch (error) {
        if (!either.aborted) options.onTrouble?.(error);
      }
    }
  })();

  return {
    signal: lost.signal,
    async [Symbol.asyncDispose]() {
      if (stop.signal.aborted) return;
      stop.abort(new DOMException('leadership is given up', 'AbortError'));
      await renewing;
      fence[Symbol.dispose]();
      if (lost.signal.aborted) return;
      try {
        using deadline = withDeadline(new AbortController().signal, retryMs, clock);
        await lock.update(
          { ...held, holder: '', durationMs: 1_000 },
          held.version,
          deadline.signal,
        );
      } catch (error) {
        options.onTrouble?.(error); // the others wait for the lease to run out instead
      }
    },
  };
}
