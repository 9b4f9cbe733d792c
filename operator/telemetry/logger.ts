import { pino, type BaseLogger } from 'pino';
import { TiphysError } from '../core/errors.ts';
import type { Logger, LogFields } from '../ports/telemetry.ts';

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `json`: one object a line. `text`: one readable line. */
  readonly format: 'json' | 'text';
  readonly destination: { write(line: string): void };
}

/** Fields whose values are never shown, at any depth that loggers are given in practice. */
const SECRET_FIELDS = [
  'password',
  'token',
  'bearerToken',
  'sshPrivateKey',
  'authorization',
  'secret',
] as const;

/** A structured logger: constant message in `msg`, time in ISO form, errors with code and hint. */
export function createLogger({ level, format, destination }: LoggerOptions): Logger {
  const sink = format === 'json' ? destination : { write: readable(destination) };
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => describeError(error, level === 'debug') },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '***',
      },
    },
    sink,
  );
  return wrap(logger);
}

/** The part of pino's logger that is used. */
interface ChildMaker {
  child(fields: LogFields): Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'> & ChildMaker;
}

function wrap(logger: Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'> & ChildMaker): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields: LogFields) => wrap(logger.child(fields)),
  };
}

/** An error as data: what a person needs, and the stack only where somebody is debugging. */
function describeError(error: unknown, withStack: boolean): unknown {
  if (!(error instanceof Error)) return error;
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause, withStack) };
  const known =
    error instanceof TiphysError
      ? { code: error.code, hint: error.hint, ...error.fields }
      : { type: error.name };
  const isDefect = !(error instanceof TiphysError) || error.code === 'Internal';
  const stack = withStack || isDefect ? { stack: error.stack } : {};
  return { message: error.message, ...known, ...cause, ...stack };
}

/** Turns a JSON line into `time LEVEL message key=value …`. */
function readable(destination: LoggerOptions['destination']): (line: string) => void {
  return (line) => {
    const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const pairs = Object.entries(fields).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    destination.write(
      `${[time, String(level).toUpperCase().padEnd(5), msg, ...pairs].join(' ')}\n`,
    );
  };
}
