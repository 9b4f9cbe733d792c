import { parseArgs } from 'node:util';
import type { Health } from '../core/health/assess-health.ts';
import { TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { createHealthJudge } from '../engine/health-judge.ts';
import { systemClock } from '../runtime/clock.ts';
import { createScriptEngine } from '../scripts/script-engine.ts';
import { parseArguments } from './arguments.ts';
import { EXIT_OK, type Command, type CommandIo } from './command.ts';
import { outputFormat, writeTable, writeValue } from './output.ts';
import { readObjects } from './read-objects.ts';
import { readSettings } from './read-settings.ts';

const OPTIONS = {
  filename: { type: 'string', short: 'f', multiple: true },
  settings: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

export const health: Command = {
  name: 'health',
  summary: 'Judge the health of objects in files',
  usage: '-f FILE… [--settings argocd-cm.yaml] [-o json|yaml|table]',
  help: 'Prints one entry for each object, in the order of input. Kinds without a rule have an empty status. FILE may be - for standard input. With --settings the Lua scripts and CEL rules of that ConfigMap judge first.',
  async run(args, io) {
    const { values } = parseArguments(args, OPTIONS);
    const format = outputFormat(values.output, 'table');
    const view = await readSettings(values.settings, io);
    await using scripts = createScriptEngine({ clock: systemClock });
    const judge = createHealthJudge(scripts, () => view);
    const judgeObjects: Judge = async (objects, signal) => {
      await judge.prepare(objects, signal);
      return objects.map(judge.of);
    };
    const entries = await judgeFiles(filesOf(args), judgeObjects, io);
    writeValue(io, format, entries, () =>
      writeTable(
        io,
        ['KIND', 'NAMESPACE', 'NAME', 'STATUS', 'MESSAGE', 'RULE'],
        entries.map((e) => [e.kind, e.namespace, e.name, e.status, e.message, e.rule]),
      ),
    );
    return EXIT_OK;
  },
};

/** One judged object, as it is printed. */
interface Entry {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Empty when the object has no health. */
  readonly status: string;
  readonly message: string;
  readonly rule: string;
}

/** Judges objects; the results are in their order. */
type Judge = (
  objects: readonly KubeObject[],
  signal: AbortSignal,
) => Promise<readonly (Health | undefined)[]>;

/** Everything behind `-f`, as the shell puts it when a pattern stands for several files. */
function filesOf(args: readonly string[]): readonly string[] {
  const { tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    tokens: true,
  });
  const files: string[] = [];
  for (const token of tokens)
    if (token.kind === 'option' && token.name === 'filename') files.push(token.value);
    else if (token.kind === 'positional') {
      if (files.length === 0)
        throw new TiphysError('InvalidConfig', `${token.value}: is not expected before -f`, {
          hint: 'Files are given with -f FILE.',
        });
      files.push(token.value);
    }
  if (files.length === 0) throw new TiphysError('InvalidConfig', '-f FILE is missing');
  return files;
}

async function judgeFiles(
  files: readonly string[],
  judge: Judge,
  io: CommandIo,
): Promise<readonly Entry[]> {
  const found: { readonly file: string; readonly object: KubeObject }[] = [];
  for (const file of files)
    for (const object of await readObjects(file, io)) found.push({ file, object });
  const judged = await judge(
    found.map(({ object }) => object),
    io.signal,
  );
  return found.map(({ file, object }, index) => entryOf(file, object, judged[index]));
}

function entryOf(file: string, object: KubeObject, judged: Health | undefined): Entry {
  return {
    file,
    apiVersion: object.apiVersion,
    kind: object.kind,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name ?? '',
    status: judged?.status ?? '',
    message: judged?.message ?? '',
    rule: judged?.rule ?? '',
  };
}
