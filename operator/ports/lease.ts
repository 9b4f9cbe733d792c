/** A claim on leadership as it is stored, seen by all candidates. */
export interface LeaseRecord {
  /** Who holds it; empty when it was given up. */
  readonly holder: string;
  /** For how long after a renewal the others leave it alone. */
  readonly durationMs: number;
  /** Wall clock of the holder, milliseconds since 1970. */
  readonly acquiredAtMs: number;
  readonly renewedAtMs: number;
  /** How often the holder changed. */
  readonly transitions: number;
}

/** A record with the version that guards the next update; undefined when nothing is stored yet. */
export interface StoredLease extends LeaseRecord {
  readonly version: string;
}

/** One named lease in shared storage that only one writer can update at a time. */
export interface LeaseLock {
  /** What the lease is called, for messages. */
  readonly name: string;
  get(signal: AbortSignal): Promise<StoredLease | undefined>;
  /**
   * Stores the record if the lease is still at `version` (undefined: does not exist). Resolves with
   * undefined when somebody else was faster.
   */
  update(
    record: LeaseRecord,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<StoredLease | undefined>;
}
