import { TiphysError, toTiphysError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { EXIT_ERROR, EXIT_OK, type Command, type CommandIo } from './command.ts';
import { can } from './can.ts';
import { cmpServer } from './cmp-server.ts';
import { controller } from './controller.ts';
import { crds } from './crds.ts';
import { diff } from './diff.ts';
import { explain } from './explain.ts';
import { health } from './health.ts';
import { plan } from './plan.ts';
import { rbac } from './rbac.ts';
import { render } from './render.ts';
import { run } from './run.ts';
import { server } from './server.ts';
import { version } from './version.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  run,
  controller,
  server,
  explain,
  crds,
  render,
  diff,
  health,
  plan,
  can,
  rbac,
  cmpServer,
  version,
];

/** What a shell reports for a program that was interrupted. */
const EXIT_INTERRUPTED = 130;

/** Runs one command line. Never throws: an error is told on stderr, with its hint. */
export async function runCli(argv: readonly string[], io: CommandIo): Promise<number> {
  const [name = 'help', ...args] = argv;
  try {
    if (name === '--version') return await version.run(args, io);
    if (name === 'help' || name === '--help' || name === '-h') return help(args[0], io);
    const command = findCommand(name);
    if (args.includes('--help') || args.includes('-h')) return help(name, io);
    return await command.run(args, io);
  } catch (error) {
    if (io.signal.aborted) return EXIT_INTERRUPTED;
    const failure = toTiphysError(error);
    io.stderr.write(`error: ${failure.message}\nhint: ${failure.hint}\n`);
    return EXIT_ERROR;
  }
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const nearest = nearestName(
    name,
    COMMANDS.map((candidate) => candidate.name),
  );
  const meant = nearest === undefined ? '' : `Did you mean tiphys ${nearest}? `;
  throw new TiphysError('InvalidConfig', `${name}: is not a command`, {
    hint: `${meant}tiphys help lists all.`,
  });
}

function help(name: string | undefined, io: CommandIo): number {
  if (name === undefined) {
    const lines = COMMANDS.map(
      (command) => `  tiphys ${command.name.padEnd(10)} ${command.summary}`,
    );
    io.stdout.write(
      `Usage: tiphys COMMAND\n\n${lines.join('\n')}\n\ntiphys help COMMAND tells more.\n`,
    );
    return EXIT_OK;
  }
  const command = findCommand(name);
  io.stdout.write(
    `tiphys ${command.name} ${command.usage}\n\n${command.summary}.\n${command.help}\n`,
  );
  return EXIT_OK;
}
