import { parseArgs, type ParseArgsConfig } from 'node:util';
import { TiphysError } from '../core/errors.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>
>;

/** `parseArgs` whose complaints are errors of ours, so that they are shown like all others. */
export function parseArguments<T extends Options>(args: readonly string[], options: T): Parsed<T> {
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
