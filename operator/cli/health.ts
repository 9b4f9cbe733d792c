import { assessHealth } from '../core/health/assess-health.ts';
import { TiphysError } from '../core/errors.ts';
import { noOperands, parseArguments } from './arguments.ts';
import { EXIT_OK, type Command } from './command.ts';
import { outputFormat, writeJson, writeTable, writeYaml } from './output.ts';
import { readObjects } from './read-objects.ts';

export const health: Command = {
  name: 'health',
  summary: 'Judge the health of objects in files',
  usage: '-f FILE… [-o json|yaml|table]',
  help: 'Prints one entry for each object, in the order of input. Kinds without a rule have an empty status.',
  async run(args, io) {
    const { values, positionals } = parseArguments(args, {
      filename: { type: 'string', short: 'f', multiple: true },
      output: { type: 'string', short: 'o' },
    });
    noOperands(positionals);
    const format = outputFormat(values.output, 'table');
    const files = values.filename ?? [];
    if (files.length === 0) throw new TiphysError('InvalidConfig', '-f FILE is missing');
    const entries = [];
    for (const file of files)
      for (const object of await readObjects(file, io)) {
        const judged = assessHealth(object);
        entries.push({
          file,
          apiVersion: object.apiVersion,
          kind: object.kind,
          namespace: object.metadata.namespace ?? '',
          name: object.metadata.name ?? '',
          status: judged?.status ?? '',
          message: judged?.message ?? '',
          rule: judged?.rule ?? '',
        });
      }
    switch (format) {
      case 'json':
        writeJson(io, entries);
        break;
      case 'yaml':
        writeYaml(io, [entries]);
        break;
      case 'table':
        writeTable(
          io,
          ['KIND', 'NAMESPACE', 'NAME', 'STATUS', 'MESSAGE'],
          entries.map((e) => [e.kind, e.namespace, e.name, e.status, e.message]),
        );
    }
    return EXIT_OK;
  },
};
