import { nearestName } from '../core/nearest-name.ts';
import { contradictions } from './contradictions.ts';
import { isServiceLink, strayVariables } from './environment.ts';
import type { ConfigKey, ConfigProblem } from './key.ts';
import { CONFIG_KEYS, type Config } from './keys.ts';

export type ParsedConfig =
  | { readonly type: 'ok'; readonly config: Config }
  | { readonly type: 'invalid'; readonly problems: readonly ConfigProblem[] };

export interface ConfigInput {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Entry = readonly [keyof Config, ConfigKey<unknown>];

/**
 * Settings from flags, else variables, else defaults. Finds all problems at once: values that make
 * no sense, settings that contradict each other, and flags and `TIPHYS_` variables that are unknown,
 * with the name that was probably meant.
 */
export function parseConfig({ argv, env }: ConfigInput): ParsedConfig {
  const entries = Object.entries(CONFIG_KEYS) as readonly Entry[];
  const keys = entries.map(([, key]) => key);
  const { flags, problems } = readFlags(argv, keys);
  problems.push(...strayVariables(env, keys));
  const config: Record<string, unknown> = {};
  for (const [name, key] of entries) {
    const given = source(key, flags.get(key.flag), env);
    const parsed = key.schema.safeParse(given.text);
    if (parsed.success) config[name] = parsed.data;
    else {
      const message = parsed.error.issues[0]?.message ?? 'is wrong';
      // One variable may stand for several settings.
      if (!problems.some((one) => one.name === given.name && one.message === message))
        problems.push({ name: given.name, message });
    }
  }
  if (problems.length > 0) return { type: 'invalid', problems };
  const whole = config as unknown as Config; // every key was parsed by its schema
  const contradicting = contradictions(whole);
  if (contradicting.length > 0) return { type: 'invalid', problems: contradicting };
  return { type: 'ok', config: whole };
}

/** `--flag=value` and `--flag value`; the last of several wins. A switch needs no value. */
function readFlags(
  argv: readonly string[],
  keys: readonly ConfigKey<unknown>[],
): { readonly flags: ReadonlyMap<string, string>; readonly problems: ConfigProblem[] } {
  const known = new Map(keys.map((key) => [key.flag, key]));
  const flags = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const [, flag, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (flag === undefined) {
      problems.push({ name: word, message: 'is not expected; settings are flags' });
      continue;
    }
    const takesNext = inline === undefined && argv[at + 1]?.startsWith('--') === false;
    if (takesNext) at += 1;
    const key = known.get(flag);
    const value = inline ?? (takesNext ? argv[at] : key?.alone);
    if (key === undefined)
      problems.push({ name: `--${flag}`, message: unknown(flag, [...known.keys()]) });
    else if (value === undefined) problems.push({ name: `--${flag}`, message: 'needs a value' });
    else flags.set(flag, value);
  }
  return { flags, problems };
}

function unknown(flag: string, flags: readonly string[]): string {
  const nearest = nearestName(flag, flags);
  return nearest === undefined ? 'is unknown' : `is unknown; did you mean --${nearest}?`;
}

function source(
  key: ConfigKey<unknown>,
  value: string | undefined,
  env: ConfigInput['env'],
): { readonly name: string; readonly text: string } {
  if (value !== undefined) return { name: `--${key.flag}`, text: value };
  for (const name of key.env) {
    const text = env[name];
    if (text !== undefined && text !== '' && !isServiceLink(name, text)) return { name, text };
  }
  return { name: `--${key.flag}`, text: key.fallback };
}
