import { pino } from 'pino';
import type { Logger, LogFields } from '../ports/telemetry.ts';
import { presentFields } from './log-fields.ts';

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `json`: one object a line. `text`: one readable line. */
  readonly format: 'json' | 'text';
  /** Takes whole lines, each with its line break. Default: the standard output of the process. */
  readonly destination?: LogDestination;
}

export interface LogDestination {
  write(line: string): void;
}

/** Names that every line has already; a field of the same name gets a `_` before it. */
const RESERVED = ['level', 'time', 'msg'] as const;

/**
 * A structured logger: the constant message in `msg`, `time` in ISO form, `level` by name, errors
 * in `err` as `{code, message, hint, fields, cause}`, secrets as `***`. Stacks of errors that are
 * not ours are shown at level `debug` only.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, format } = options;
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true });
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (shown: unknown) => shown }, // pino's own would take it apart again
    },
    format === 'json' ? destination : { write: readable(destination) },
  );
  const present = (fields: LogFields): LogFields =>
    presentFields(withoutReserved(fields), { stacks: level === 'debug' });

  /** Not pino's children: those write a field twice that child and line both have. */
  function withFields(own: LogFields): Logger {
    const log = (at: LoggerOptions['level'], fields: LogFields, message: string): void => {
      if (logger.isLevelEnabled(at)) logger[at]({ ...own, ...present(fields) }, message);
    };
    return {
      debug: (fields, message) => log('debug', fields, message),
      info: (fields, message) => log('info', fields, message),
      warn: (fields, message) => log('warn', fields, message),
      error: (fields, message) => log('error', fields, message),
      child: (fields) => withFields({ ...own, ...present(fields) }),
    };
  }
  return withFields({});
}

function withoutReserved(fields: LogFields): LogFields {
  if (!RESERVED.some((name) => name in fields)) return fields;
  const isReserved = (key: string) => RESERVED.some((name) => name === key);
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [isReserved(key) ? `_${key}` : key, value]),
  );
}

/** Turns a JSON line into `time LEVEL message key=value …`. */
function readable(destination: LogDestination): (line: string) => void {
  return (line) => {
    const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const pairs = Object.entries(fields).map(([key, value]) => `${key}=${readableValue(value)}`);
    const start = [time, String(level).toUpperCase().padEnd(5), msg];
    destination.write(`${[...start, ...pairs].join(' ')}\n`);
  };
}

/** Bare where that is clear; otherwise as JSON, which keeps line breaks and quotes on one line. */
function readableValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\p{C}]+$/u.test(value)) return value;
  return JSON.stringify(value);
}
