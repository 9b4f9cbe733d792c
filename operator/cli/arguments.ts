import { parseArgs, type ParseArgsConfig } from 'node:util';
import { TiphysError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>
>;

/** `parseArgs` whose complaints are errors of ours: the flag, what is wrong, the flag that was meant. */
export function parseArguments<T extends Options>(args: readonly string[], options: T): Parsed<T> {
  refuseUnknown(args, options);
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new TiphysError('InvalidConfig', message, {
      cause,
      hint: 'See tiphys help and the name of the command.',
    });
  }
}

function refuseUnknown(args: readonly string[], options: Options): void {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) continue;
    const nearest = nearestName(token.name, Object.keys(options));
    const meant = nearest === undefined ? '' : `; did you mean --${nearest}?`;
    throw new TiphysError('InvalidConfig', `${token.rawName}: is unknown${meant}`, {
      hint: 'See tiphys help and the name of the command.',
    });
  }
}

/** The one word of a command that is no flag. Errors: `InvalidConfig` when there is none, or more. */
export function onlyOperand(positionals: readonly string[], what: string): string {
  const [first, ...rest] = positionals;
  if (first === undefined) throw new TiphysError('InvalidConfig', `${what} is missing`);
  if (rest.length > 0)
    throw new TiphysError('InvalidConfig', `${rest.join(' ')}: is not expected behind ${what}`);
  return first;
}

/** Errors: `InvalidConfig` when there is a word that is no flag. */
export function noOperands(positionals: readonly string[]): void {
  if (positionals.length > 0)
    throw new TiphysError('InvalidConfig', `${positionals.join(' ')}: is not expected`, {
      hint: 'Files are given with flags; see tiphys help and the name of the command.',
    });
}
