import type { Config } from '../config/keys.ts';
import { parseConfig } from '../config/parse-config.ts';
import { TiphysError } from '../core/errors.ts';
import type { CommandIo } from './command.ts';

/** The settings of a command that runs. Errors: `InvalidConfig`, naming all that is wrong. */
export function configOf(command: string, args: readonly string[], io: CommandIo): Config {
  const parsed = parseConfig({ argv: args, env: io.env });
  if (parsed.type !== 'invalid') return parsed.config;
  throw new TiphysError(
    'InvalidConfig',
    parsed.problems.map(({ name, message }) => `${name}: ${message}`).join('; '),
    { hint: `See tiphys ${command} --help.` },
  );
}
