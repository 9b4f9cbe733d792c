import { compareObject } from '../core/diff/compare-object.ts';
import { TiphysError } from '../core/errors.ts';
import {
  describeResource,
  idOf,
  keyOf,
  resourceKey,
  type KubeObject,
  type ResourceKey,
} from '../core/objects/kube-object.ts';
import { noOperands, parseArguments } from './arguments.ts';
import { EXIT_DIFFERENT, EXIT_OK, type Command } from './command.ts';
import { listChanges, type Change } from '../present/list-changes.ts';
import { outputFormat, writeJson, writeTable, writeYaml } from './output.ts';
import { readObjects } from './read-objects.ts';

interface Entry {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: 'equal' | 'different' | 'missing' | 'extra';
  readonly changes: readonly Change[];
}

export const diff: Command = {
  name: 'diff',
  summary: 'Compare desired with live objects from files',
  usage: '--desired FILE --live FILE [-o table|json|yaml]',
  help: 'Exit code 0: applying desired would change nothing. 1: it would. 2: an error. Values of Secrets are masked.',
  async run(args, io) {
    const { values, positionals } = parseArguments(args, {
      desired: { type: 'string' },
      live: { type: 'string' },
      output: { type: 'string', short: 'o' },
    });
    noOperands(positionals);
    const format = outputFormat(values.output, 'table');
    if (values.desired === undefined || values.live === undefined)
      throw new TiphysError('InvalidConfig', '--desired FILE and --live FILE are both needed');
    const desired = await readObjects(values.desired, io);
    const live = await readObjects(values.live, io);
    const entries = pair(desired, live).map(([wanted, actual]) => compare(wanted, actual));
    switch (format) {
      case 'json':
        writeJson(io, entries);
        break;
      case 'yaml':
        writeYaml(io, [entries]);
        break;
      case 'table':
        writeTable(io, ['OBJECT', 'STATUS', 'FIELD', 'LIVE', 'DESIRED'], entries.flatMap(rows));
    }
    return entries.some(({ status }) => status !== 'equal') ? EXIT_DIFFERENT : EXIT_OK;
  },
};

type Pair = readonly [desired: KubeObject | undefined, live: KubeObject | undefined];

/**
 * Desired and live by key. What remains of desired without a namespace is matched with what remains
 * of live in any, as Git leaves the namespace to the destination.
 */
function pair(desired: readonly KubeObject[], live: readonly KubeObject[]): readonly Pair[] {
  const left = new Set(live);
  const take = (index: ReadonlyMap<ResourceKey, readonly KubeObject[]>, key: ResourceKey) => {
    const found = index.get(key)?.find((object) => left.has(object));
    if (found !== undefined) left.delete(found);
    return found;
  };
  const byKey = Map.groupBy(live, keyOf);
  const exact = desired.map((wanted) => take(byKey, keyOf(wanted)));
  const byName = Map.groupBy(left, (object) => resourceKey({ ...idOf(object), namespace: '' }));
  const pairs = desired.map((wanted, index): Pair => {
    const isBare = (wanted.metadata.namespace ?? '') === '';
    return [wanted, exact[index] ?? (isBare ? take(byName, keyOf(wanted)) : undefined)];
  });
  return [...pairs, ...Array.from(left, (actual): Pair => [undefined, actual])];
}

function compare(wanted: KubeObject | undefined, actual: KubeObject | undefined): Entry {
  const object = wanted ?? actual;
  if (object === undefined) throw new TiphysError('Internal', 'nothing to compare');
  const comparison = compareObject(wanted, actual);
  const { namespace, name, kind } = idOf(actual ?? object);
  const changes =
    comparison.type === 'different' && wanted !== undefined && actual !== undefined
      ? listChanges(wanted, actual, comparison.paths)
      : [];
  return {
    apiVersion: object.apiVersion,
    kind,
    namespace,
    name,
    status: comparison.type,
    changes,
  };
}

function rows(entry: Entry): readonly (readonly string[])[] {
  const name = describeResource({ group: '', ...entry });
  if (entry.changes.length === 0) return [[name, entry.status, '', '', '']];
  return entry.changes.map((change, index) => [
    index === 0 ? name : '',
    index === 0 ? entry.status : '',
    change.path,
    show(change.live),
    show(change.desired),
  ]);
}

function show(value: unknown): string {
  const text = value === undefined ? '-' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
