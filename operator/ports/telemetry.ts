/** Structured log: a constant message and fields. Fields use the keys of STYLE: app, project, cluster, revision, … */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger whose every line carries these fields too. */
  child(fields: LogFields): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;

export interface Metrics {
  /** Adds to a counter. */
  count(name: string, labels: Readonly<Record<string, string>>, by?: number): void;
  /** Records a duration or size into a histogram. Durations are in seconds. */
  observe(name: string, labels: Readonly<Record<string, string>>, value: number): void;
  /** Registers a gauge that is computed when it is asked for. */
  gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    collect: () => Iterable<GaugeSample>,
  ): Disposable;
  /** Drops counters and histograms whose series carry all of these labels: what they tell of is gone. */
  forget(labels: Readonly<Record<string, string>>): void;
}

export interface GaugeSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Something that happened to an object, for people: becomes a Kubernetes Event. */
export interface Occurrence {
  readonly type: 'Normal' | 'Warning';
  /** One word, such as `OperationCompleted`. */
  readonly reason: string;
  readonly message: string;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** Takes occurrences and never fails or waits: a lost Event is counted, not retried for ever. */
export interface EventSink {
  publish(occurrence: Occurrence): void;
}
