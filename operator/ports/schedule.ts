import type { WindowState } from '../core/project/sync-windows.ts';

/** When a window opens, and for how long. */
export interface WindowTimes {
  /** Cron with five fields, or a name such as `@daily`. */
  readonly schedule?: string | undefined;
  /** As Go writes it: `1h30m`. */
  readonly duration?: string | undefined;
  /** IANA name; absent is UTC. */
  readonly timeZone?: string | undefined;
}

/** Reads the times of sync windows. */
export interface Schedule {
  /**
   * How a window stands at a moment, milliseconds since 1970. It is open from an opening, that
   * moment included, for its duration by the wall clock of its zone, with the zone's offset of that
   * moment. An unknown zone counts as UTC, with a warning. Never throws: what cannot be read is `invalid`.
   */
  stateAt(times: WindowTimes, atMs: number): WindowState;
}
