import { readFile } from 'node:fs/promises';
import { TiphysError } from '../core/errors.ts';
import { noOperands, parseArguments } from './arguments.ts';
import { EXIT_OK, type Command } from './command.ts';
import { outputFormat, writeTable, writeValue } from './output.ts';

export const version: Command = {
  name: 'version',
  summary: 'Print the version',
  usage: '[-o table|json|yaml]',
  help: 'Looks at nothing but its own package.',
  async run(args, io) {
    const { values, positionals } = parseArguments(args, {
      output: { type: 'string', short: 'o' },
    });
    noOperands(positionals);
    const format = outputFormat(values.output, 'table');
    const found = { version: await readVersion(), ...(await readBuild()) };
    writeValue(io, format, found, () => writeTable(io, [`tiphys ${found.version}`], []));
    return EXIT_OK;
  },
};

/** The version in our own package. Bundled, this is part of a file in `dist`. */
export async function readVersion(): Promise<string> {
  for (const path of ['../../package.json', '../package.json']) {
    const { name, version: found } = await readBeside(path);
    if (name === 'tiphys' && typeof found === 'string') return found;
  }
  throw new TiphysError('Internal', 'package.json: not found beside the program');
}

/** What is known of how this program was built; absent is what nobody knows. */
export interface Build {
  /** RFC 3339. */
  readonly buildDate?: string;
  readonly gitCommit?: string;
  /** Of that very commit. */
  readonly gitTag?: string;
  readonly gitTreeState?: 'clean' | 'dirty';
  /** What whoever built it wanted to say. */
  readonly extraBuildInfo?: string;
}

/** As `rolldown.config.ts` wrote it beside what it bundled. In a checkout nothing was built, and nothing is known. */
export async function readBuild(): Promise<Build> {
  return await readBeside('./build.json');
}

async function readBeside(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(new URL(path, import.meta.url), 'utf8').catch(() => '{}');
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}
