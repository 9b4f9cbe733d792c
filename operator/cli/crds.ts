import { appProjectCrd, applicationCrd } from '../core/app/crd.ts';
import { noOperands, parseArguments } from './arguments.ts';
import { EXIT_OK, type Command } from './command.ts';
import { outputFormat, writeJson, writeTable, writeYaml } from './output.ts';

export const crds: Command = {
  name: 'crds',
  summary: 'Print the CustomResourceDefinitions',
  usage: '[-o yaml|json|table]',
  help: 'Install them with: tiphys crds | kubectl apply -f -',
  async run(args, io) {
    const { values, positionals } = parseArguments(args, {
      output: { type: 'string', short: 'o' },
    });
    noOperands(positionals);
    const definitions = [applicationCrd(), appProjectCrd()];
    switch (outputFormat(values.output, 'yaml')) {
      case 'yaml':
        writeYaml(io, definitions);
        break;
      case 'json':
        writeJson(io, { apiVersion: 'v1', kind: 'List', items: definitions });
        break;
      case 'table':
        writeTable(
          io,
          ['NAME'],
          definitions.map(({ metadata }) => [metadata.name ?? '']),
        );
    }
    return EXIT_OK;
  },
};
