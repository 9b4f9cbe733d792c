import { CONFIG_KEYS, type Config, type ConfigKey } from './keys.ts';

export interface ConfigProblem {
  /** The flag or variable, as it was given. */
  readonly name: string;
  readonly message: string;
}

export type ParsedConfig =
  | { readonly type: 'ok'; readonly config: Config }
  | { readonly type: 'invalid'; readonly problems: readonly ConfigProblem[] };

export interface ConfigInput {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Settings from flags, else variables, else defaults. Unknown flags are refused with the nearest name. */
export function parseConfig({ argv, env }: ConfigInput): ParsedConfig {
  const keys = Object.entries(CONFIG_KEYS) as [keyof Config, ConfigKey<unknown>][];
  const { flags, problems } = readFlags(argv, keys);
  const config: Record<string, unknown> = {};
  for (const [name, key] of keys) {
    const given = source(key, flags.get(key.flag), env);
    const parsed = key.schema.safeParse(given.text);
    if (parsed.success) config[name] = parsed.data;
    else
      problems.push({
        name: given.name,
        message: parsed.error.issues.map((issue) => issue.message).join('; '),
      });
  }
  if (problems.length > 0) return { type: 'invalid', problems };
  return { type: 'ok', config: config as unknown as Config };
}

/** `--flag=value` and `--flag value`; the last of several wins. */
function readFlags(
  argv: readonly string[],
  keys: readonly [string, ConfigKey<unknown>][],
): { readonly flags: ReadonlyMap<string, string>; readonly problems: ConfigProblem[] } {
  const known = new Set(keys.map(([, { flag }]) => flag));
  const flags = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(word);
    const [, name = '', inline] = match ?? [];
    if (match === null) {
      problems.push({ name: word, message: 'is not expected; settings are flags' });
      continue;
    }
    const takesNext = inline === undefined && argv[at + 1]?.startsWith('--') === false;
    const value = inline ?? (takesNext ? argv[at + 1] : undefined);
    if (takesNext) at += 1;
    if (!known.has(name))
      problems.push({ name: `--${name}`, message: `is unknown${nearest(name, keys)}` });
    else if (value === undefined) problems.push({ name: `--${name}`, message: 'needs a value' });
    else flags.set(name, value);
  }
  return { flags, problems };
}

function source(
  key: ConfigKey<unknown>,
  value: string | undefined,
  env: ConfigInput['env'],
): { readonly name: string; readonly text: string } {
  if (value !== undefined) return { name: `--${key.flag}`, text: value };
  for (const name of key.env) {
    const text = env[name];
    if (text !== undefined && text !== '') return { name, text };
  }
  return { name: `--${key.flag}`, text: key.fallback };
}

function nearest(name: string, keys: readonly [string, ConfigKey<unknown>][]): string {
  const [best] = keys
    .map(([, { flag }]) => ({ flag, distance: editDistance(name, flag) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= 3 ? `; did you mean --${best.flag}?` : '';
}

/** Levenshtein distance. */
export function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

/** Lines of help: every flag with its default. */
export function configHelp(): string {
  return Object.values(CONFIG_KEYS)
    .map(({ flag, fallback, description }) => {
      const shown = fallback === '' ? '' : ` Default ${fallback}.`;
      return `  --${flag.padEnd(26)} ${description}${shown}`;
    })
    .join('\n');
}

/** The page `docs/configuration.md`. */
export function configurationPage(): string {
  const rows = Object.values(CONFIG_KEYS).map(
    ({ flag, env, fallback, description }) =>
      `| \`--${flag}\` | ${env.map((name) => `\`${name}\``).join(' ')} | ${fallback === '' ? '' : `\`${fallback}\``} | ${description} |`,
  );
  return `# Configuration

Settings of \`tiphys run\`. A flag goes before a variable, a variable before the default. Durations
are written as in Go (\`90s\`, \`1h30m\`); a bare number is seconds. Unknown flags are refused.

| flag | variables | default | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

Tracking, exclusions and clusters are read from the ConfigMaps and Secrets of the control plane,
where people who come from Argo CD already have them.
`;
}
