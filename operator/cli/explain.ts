import { parseConfig } from '../config/parse-config.ts';
import type { Config } from '../config/keys.ts';
import { appKey } from '../core/app/app-key.ts';
import { TiphysError } from '../core/errors.ts';
import type { Explanation } from '../explain-application.ts';
import { EXIT_OK, type Command, type CommandIo } from './command.ts';
import { type OutputFormat, outputFormat, writeValue } from './output.ts';
import { writeExplanation } from './write-explanation.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'Tell why an Application is as it is, and what happens next',
  usage: 'app NAME [-n NAMESPACE] [-o table|json|yaml] [flags of tiphys run]',
  help: 'Compares anew with Git and the cluster and writes nothing. -n is the namespace of the Application; default: that of the control plane. Values of Secrets are masked.',
  async run(args, io) {
    const asked = readArguments(args);
    const parsed = parseConfig({ argv: asked.rest, env: io.env });
    if (parsed.type === 'invalid')
      throw new TiphysError(
        'InvalidConfig',
        parsed.problems.map(({ name, message }) => `${name}: ${message}`).join('; '),
        { hint: 'See tiphys help explain.' },
      );
    const explanation = await ask(asked, parsed.config, io);
    writeValue(io, asked.format, explanation, () => writeExplanation(io, explanation));
    return EXIT_OK;
  },
};

interface Asked {
  readonly name: string;
  /** Absent: the control plane's. */
  readonly namespace: string | undefined;
  readonly format: OutputFormat;
  /** Flags of `tiphys run`. */
  readonly rest: readonly string[];
}

/** Takes out its own words and leaves the flags of `run`. */
function readArguments(args: readonly string[]): Asked {
  const [what, name, ...flags] = args;
  if (what !== 'app')
    throw new TiphysError(
      'InvalidConfig',
      `${what ?? 'app NAME'}: only applications are explained`,
      {
        hint: 'Write tiphys explain app NAME.',
      },
    );
  if (name === undefined || name.startsWith('-'))
    throw new TiphysError('InvalidConfig', 'the name of the application is missing', {
      hint: 'Write tiphys explain app NAME, and flags behind it.',
    });
  const own: Record<'n' | 'o', string | undefined> = { n: undefined, o: undefined };
  const rest: string[] = [];
  for (let index = 0; index < flags.length; index += 1) {
    const flag = flags[index] ?? '';
    const match = /^(?:-(n|o)|--(output))(?:=(.*))?$/.exec(flag);
    if (match === null) {
      rest.push(flag);
      continue;
    }
    const key = match[1] === 'n' ? 'n' : 'o';
    own[key] = match[3] ?? flags[(index += 1)];
    if (own[key] === undefined) throw new TiphysError('InvalidConfig', `${flag}: needs a value`);
  }
  return { name, namespace: own.n, format: outputFormat(own.o, 'table'), rest };
}

async function ask(asked: Asked, config: Config, io: CommandIo): Promise<Explanation> {
  const [{ connectPorts }, { explainApplication }, { connectOptions }, telemetry] =
    await Promise.all([
      import('../wiring/connect-ports.ts'),
      import('../explain-application.ts'),
      import('./connect-options.ts'),
      import('../telemetry/silent.ts'),
    ]);
  await using stack = new AsyncDisposableStack();
  const options = await connectOptions(config, io, stack);
  const connected = await connectPorts(
    { ...options, events: telemetry.silentEvents, createProject: false },
    stack,
    io.signal,
  );
  const key = appKey(asked.namespace ?? config.namespace, asked.name);
  return await explainApplication(key, connected, io.signal);
}
