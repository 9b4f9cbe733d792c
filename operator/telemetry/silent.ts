import type { EventSink, Logger, Metrics } from '../ports/telemetry.ts';

/** Says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

/** Counts nothing. */
export const silentMetrics: Metrics = {
  count() {},
  observe() {},
  gauge: () => ({ [Symbol.dispose]() {} }),
  forget() {},
};

/** Tells nobody. */
export const silentEvents: EventSink = {
  publish() {},
};
