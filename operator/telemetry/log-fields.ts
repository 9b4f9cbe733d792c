import { TiphysError } from '../core/errors.ts';
import type { LogFields } from '../ports/telemetry.ts';

/** `bearerToken`, `ssh-private-key`, `GITHUB_TOKEN`: what ends like this is a secret. */
const SECRET_KEY =
  /(password|passwd|passphrase|token|authorization|bearer|privatekey|clientkey|certkey|keydata|apikey|accesskey|secret|secretkey|credentials?|cookie)$/;
const CENSORED = '***';
/** Deeper than this a value is no log field but somebody's whole object. */
const MAX_DEPTH = 8;

export interface LogFieldOptions {
  /** Stacks help who debugs and hide the message from everybody else. */
  readonly stacks: boolean;
}

/**
 * Fields as they may be shown: secrets as `***` at any depth, also `data` of a Secret object;
 * errors as `{code, message, hint, fields, cause}`. Does not change its input.
 */
export function presentFields(fields: LogFields, options: LogFieldOptions): LogFields {
  return presentEntries(fields, options, 0);
}

function present(value: unknown, options: LogFieldOptions, depth: number): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return presentError(value, options, depth);
  if (Array.isArray(value)) return value.map((item) => present(item, options, depth + 1));
  if ('toJSON' in value) return value;
  if (value instanceof Map || value instanceof Set) return present([...value], options, depth);
  return presentEntries(value, options, depth);
}

function presentEntries(value: object, options: LogFieldOptions, depth: number): LogFields {
  const isSecret = 'kind' in value && value.kind === 'Secret';
  const shown: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const secret = isSecretKey(key) || (isSecret && (key === 'data' || key === 'stringData'));
    shown[key] = secret ? censor(item) : present(item, options, depth + 1);
  }
  return shown;
}

function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key.toLowerCase().replaceAll(/[-_.]/g, ''));
}

/** Whether a secret is set at all is often the question; that much may be seen. */
function censor(value: unknown): unknown {
  if (value === undefined || value === null || value === '' || typeof value === 'boolean')
    return value;
  return CENSORED;
}

function presentError(error: Error, options: LogFieldOptions, depth: number): LogFields {
  const shown: Record<string, unknown> = {};
  if (error instanceof TiphysError) {
    shown['code'] = error.code;
    shown['message'] = error.message;
    shown['hint'] = error.hint;
    if (Object.keys(error.fields).length > 0)
      shown['fields'] = presentEntries(error.fields, options, depth + 1);
  } else {
    shown['type'] = error.name;
    if ('code' in error && typeof error.code === 'string') shown['code'] = error.code;
    shown['message'] = error.message;
    if (options.stacks) shown['stack'] = error.stack;
  }
  if (error.cause !== undefined) shown['cause'] = present(error.cause, options, depth + 1);
  if (error instanceof AggregateError)
    shown['errors'] = error.errors.map((one) => present(one, options, depth + 1));
  return shown;
}
