import * as z from 'zod/mini';
import { parseDuration } from '../core/app/duration.ts';
import { parseQuantity } from '../core/diff/quantity.ts';
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

/** `parseQuantity` counts in 1e-18. */
const UNITS_PER_BYTE = 10n ** 18n;

export type Schema<T> = z.ZodMiniType<T, string>;

/** Milliseconds, from a Go duration or a bare number of seconds. */
export const duration: Schema<number> = readAs((written) => {
  const ms = parseDuration(written);
  if (ms !== undefined && ms >= 0) return { value: ms };
  return { problem: `"${written}" is no duration; write 90s, 5m or 1h30m` };
});

/** A whole number within bounds. */
export function whole(min: number, max: number): Schema<number> {
  const message = `must be a whole number from ${min} to ${max}`;
  return readAs((written) => {
    const value = /^\d{1,9}$/.test(written) ? Number(written) : Number.NaN;
    return value >= min && value <= max ? { value } : { problem: message };
  });
}

/** Bytes, from a Kubernetes quantity. */
export const size: Schema<number> = readAs((written) => {
  const amount = parseQuantity(written);
  const bytes = amount === undefined || amount < 0n ? -1 : Number(amount / UNITS_PER_BYTE);
  if (bytes >= 0 && Number.isSafeInteger(bytes)) return { value: bytes };
  return { problem: `"${written}" is no size; write 500M or 1Gi` };
});

/** As the other, and empty is nothing. */
export function optional<T>(schema: Schema<T>): Schema<T | undefined> {
  return readAs((written) => {
    if (written === '') return { value: undefined };
    const read = schema.safeParse(written);
    if (read.success) return { value: read.data };
    return { problem: read.error.issues[0]?.message ?? 'is not readable' };
  });
}

/** A number of objects or a percentage; empty is no limit. */
export const pruneLimit: Schema<PruneLimit | undefined> = readAs((written) => {
  const limit = parsePruneLimit(written);
  if (limit?.type !== 'unreadable') return { value: limit };
  return { problem: `"${written}" is neither 10 nor 25%` };
});

/** A decimal number of at least 1. */
export const factor: Schema<number> = readAs((written) => {
  const value = /^\d{1,6}(\.\d{1,6})?$/.test(written) ? Number(written) : Number.NaN;
  return value >= 1 ? { value } : { problem: 'must be a number of at least 1' };
});

export const text: Schema<string> = z.string();

/** An address with http or https, without user, query and fragment. */
export const httpUrl: Schema<string> = readAs((written) => {
  const url = URL.parse(written);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === '';
  if (isPlain && url.password === '' && url.search === '' && url.hash === '')
    return { value: written };
  return { problem: 'must be an address like https://api.example.com/2.0' };
});

const MAX_HOPS = 10;

/** Addresses and ranges of proxies with commas between, or how many there are; empty is none. */
export const proxies: Schema<number | readonly string[]> = readAs<number | readonly string[]>(
  (written) => {
    const items = itemsOf(written, ',');
    const [first = ''] = items;
    if (items.length === 1 && /^\d+$/.test(first)) {
      const hops = Number(first);
      if (hops >= 1 && hops <= MAX_HOPS) return { value: hops };
      return { problem: `must be a number from 1 to ${MAX_HOPS}, or addresses` };
    }
    const wrong = items.find((item) => !isRange(item));
    if (wrong === undefined) return { value: items };
    return { problem: `"${wrong}" is neither an address nor a range such as 10.0.0.0/8` };
  },
);

/** An address, or a CIDR whose length is not 0: nobody means to trust everybody. */
function isRange(item: string): boolean {
  return (
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]).safeParse(item).success &&
    !/\/0*$/.test(item)
  );
}

/** Items with commas between; blanks around them do not count. */
export const list: Schema<readonly string[]> = itemsBetween(',');

/** Items with commas, semicolons or colons between, for settings that others write in several ways. */
export const words: Schema<readonly string[]> = itemsBetween(/[,;:]/);

/** Globs with semicolons between, since a glob may hold commas. */
export const globs: Schema<readonly string[]> = itemsBetween(';');

function itemsBetween(separator: string | RegExp): Schema<readonly string[]> {
  return readAs((written) => ({ value: itemsOf(written, separator) }));
}

function itemsOf(written: string, separator: string | RegExp): readonly string[] {
  return written
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** As Go reads it, since variables that were made for Argo CD are read too. */
export const truth: Schema<boolean> = truthOr([]);

/** The same, and `no` is false. */
export const truthOrNo: Schema<boolean> = truthOr(['no']);

function truthOr(more: readonly string[]): Schema<boolean> {
  return readAs((written) =>
    [...TRUE, ...FALSE, ...more].includes(written)
      ? { value: TRUE.includes(written) }
      : { problem: 'must be true or false' },
  );
}

/** One of a few words. */
export function word<const W extends readonly [string, ...string[]]>(
  ...words: W
): Schema<W[number]> {
  const problem = `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
  return readAs((written) => {
    const value = words.find((one) => one === written);
    return value === undefined ? { problem } : { value };
  });
}

/** A text that means a value, or says what is wrong with it. */
function readAs<T>(
  read: (written: string) => { readonly value: T } | { readonly problem: string },
): Schema<T> {
  const transform = z.transform((written: string, context): T => {
    const found = read(written);
    if ('value' in found) return found.value;
    context.issues.push({ code: 'custom', message: found.problem, input: written });
    return z.NEVER;
  });
  return z.pipe(z.string(), transform);
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
