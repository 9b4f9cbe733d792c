import { compareTasks, PHASES, waveOf, type Ordered } from '../core/sync/order.ts';
import { hookRole } from '../core/sync/hooks.ts';
import { idOf, type KubeObject } from '../core/objects/kube-object.ts';
import { onlyOperand, parseArguments } from './arguments.ts';
import { EXIT_OK, type Command } from './command.ts';
import { outputFormat, writeJson, writeTable, writeYaml } from './output.ts';
import { readApplication } from './read-objects.ts';
import { RENDER_HELP, RENDER_OPTIONS, renderApplication } from './render-application.ts';

export const render: Command = {
  name: 'render',
  summary: 'Render the manifests of an Application, without a cluster',
  usage: 'APPLICATION.yaml [--repo-dir DIR] [-o yaml|json|table]',
  help: `Objects get the destination namespace and the tracking mark, as a sync would apply them.\n\n${RENDER_HELP}`,
  async run(args, io) {
    const { values, positionals } = parseArguments(args, RENDER_OPTIONS);
    const format = outputFormat(values.output, 'yaml');
    const app = await readApplication(onlyOperand(positionals, 'APPLICATION.yaml'), io);
    const { targets } = await renderApplication(app, [], values, io);
    const objects = inApplyOrder([...targets.resources.values(), ...targets.hooks]);
    switch (format) {
      case 'yaml':
        writeYaml(io, objects);
        break;
      case 'json':
        writeJson(io, { apiVersion: 'v1', kind: 'List', items: objects });
        break;
      case 'table':
        writeTable(io, ['KIND', 'NAMESPACE', 'NAME', 'WAVE', 'HOOK'], objects.map(row));
    }
    return EXIT_OK;
  },
};

function inApplyOrder(objects: readonly KubeObject[]): readonly KubeObject[] {
  const orders = new Map(objects.map((object) => [object, orderOf(object)]));
  return [...orders]
    .toSorted(([, left], [, right]) => compareTasks(left, right))
    .map(([object]) => object);
}

/** A hook that runs in several phases is listed once, where it runs first. */
function orderOf(object: KubeObject): Ordered {
  const role = hookRole(object);
  const phases = role.type === 'hook' ? role.phases : [];
  const phase = PHASES.find((candidate) => phases.includes(candidate)) ?? 'Sync';
  return { ...idOf(object), name: nameOf(object), phase, wave: waveOf(object) };
}

function nameOf({ metadata: { name, generateName } }: KubeObject): string {
  return name ?? `${generateName ?? ''}*`;
}

function row(object: KubeObject): readonly string[] {
  const role = hookRole(object);
  return [
    object.kind,
    object.metadata.namespace ?? '',
    nameOf(object),
    String(waveOf(object)),
    role.type === 'hook' ? role.phases.join(',') : '',
  ];
}
