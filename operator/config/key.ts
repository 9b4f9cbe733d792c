import { z } from 'zod';
import { parseDuration } from '../core/app/duration.ts';
import { parsePruneLimit, type PruneLimit } from '../core/sync/prune-brake.ts';

/** One setting of `tiphys run`: how it is given, what it means, what it is when absent. */
export interface ConfigKey<T> {
  /** Command-line flag without the dashes. */
  readonly flag: string;
  /** Variables that are read when the flag is absent, first one first. */
  readonly env: readonly string[];
  /** The default as it would be written. */
  readonly fallback: string;
  /** One sentence, with the unit. */
  readonly description: string;
  /** The text that the flag alone stands for; absent when it needs a value. */
  readonly alone?: string;
  /** Makes a value of the text; what it finds wrong is shown behind the name of the flag. */
  readonly schema: Schema<T>;
}

export interface ConfigProblem {
  /** The flag or variable, as it was given. */
  readonly name: string;
  /** Reads on from the name. */
  readonly message: string;
}

export type Schema<T> = z.ZodType<T, string>;

/** Milliseconds, from a Go duration or a bare number of seconds. */
export const duration: Schema<number> = z.string().transform((written, context) => {
  const ms = parseDuration(written);
  if (ms !== undefined && ms >= 0) return ms;
  const message = `"${written}" is no duration; write 90s, 5m or 1h30m`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** A whole number within bounds. */
export function whole(min: number, max: number): Schema<number> {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

/** A number of objects or a percentage; empty is no limit. */
export const pruneLimit: Schema<PruneLimit | undefined> = z
  .string()
  .transform((written, context): PruneLimit | undefined => {
    const limit = parsePruneLimit(written);
    if (limit?.type !== 'unreadable') return limit;
    context.addIssue({ code: 'custom', message: `"${written}" is neither 10 nor 25%` });
    return z.NEVER;
  });

/** A decimal number of at least 1. */
export const factor: Schema<number> = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,6})?$/, 'must be a number of at least 1')
  .transform(Number)
  .refine((value) => value >= 1, 'must be a number of at least 1');

export const text: Schema<string> = z.string();

/** Items with commas between; blanks around them do not count. */
export const list: Schema<readonly string[]> = z.string().transform((written) =>
  written
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

export const truth: Schema<boolean> = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((written) => written === 'true');

/** One of a few words. */
export function word<const W extends readonly [string, ...string[]]>(
  ...words: W
): Schema<W[number]> {
  return z
    .string()
    .pipe(z.enum(words, `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`));
}

export interface KeyOptions<T> {
  readonly schema: Schema<T>;
  readonly fallback: string;
  readonly description: string;
  /** Variables under which Argo CD or other programs know the setting. */
  readonly alias?: readonly string[];
  /** What the flag without a value means. */
  readonly alone?: string;
}

/** The setting behind `--name` and `TIPHYS_NAME`. */
export function key<T>(name: string, options: KeyOptions<T>): ConfigKey<T> {
  const { alias = [], ...rest } = options;
  const env = [`TIPHYS_${name.toUpperCase().replaceAll('-', '_')}`, ...alias];
  return { flag: name, env, ...rest };
}
