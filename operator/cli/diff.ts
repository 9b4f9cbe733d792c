import deepDiff from 'deep-diff';
import { compareObject } from '../core/diff/compare-object.ts';
import { normalise } from '../core/diff/normalise.ts';
import { TiphysError } from '../core/errors.ts';
import { describeResource, idOf, keyOf, type KubeObject } from '../core/objects/kube-object.ts';
import { maskSecret } from '../core/diff/mask-secret.ts';
import { parseArguments } from './arguments.ts';
import { EXIT_DIFFERENT, EXIT_OK, type Command } from './command.ts';
import { outputFormat, writeJson, writeTable, writeYaml } from './output.ts';
import { readObjects } from './read-objects.ts';

interface Change {
  readonly path: string;
  readonly live?: unknown;
  readonly desired?: unknown;
}

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
    const { values } = parseArguments(args, {
      desired: { type: 'string' },
      live: { type: 'string' },
      output: { type: 'string', short: 'o' },
    });
    if (values.desired === undefined || values.live === undefined)
      throw new TiphysError('InvalidConfig', '--desired FILE and --live FILE are both needed');
    const desired = await readObjects(values.desired, io);
    const live = await readObjects(values.live, io);
    const entries = pair(desired, live).map(([wanted, actual]) => compare(wanted, actual));
    switch (outputFormat(values.output, 'table')) {
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

/** Desired and live by key; an object without a namespace in Git matches one that has any. */
function pair(
  desired: readonly KubeObject[],
  live: readonly KubeObject[],
): readonly (readonly [KubeObject | undefined, KubeObject | undefined])[] {
  const left = new Set(live);
  const pairs = desired.map((wanted) => {
    const actual = [...left].find((candidate) => isSame(wanted, candidate));
    if (actual !== undefined) left.delete(actual);
    return [wanted, actual] as const;
  });
  return [...pairs, ...[...left].map((actual) => [undefined, actual] as const)];
}

function isSame(wanted: KubeObject, actual: KubeObject): boolean {
  if (keyOf(wanted) === keyOf(actual)) return true;
  const { namespace: _namespace, ...metadata } = actual.metadata;
  return (
    wanted.metadata.namespace === undefined && keyOf(wanted) === keyOf({ ...actual, metadata })
  );
}

function compare(wanted: KubeObject | undefined, actual: KubeObject | undefined): Entry {
  const object = wanted ?? actual;
  if (object === undefined) throw new TiphysError('Internal', 'nothing to compare');
  const comparison = compareObject(wanted, actual);
  const { namespace, name, kind } = idOf(actual ?? object);
  const changes =
    comparison.type === 'different' && wanted !== undefined && actual !== undefined
      ? changesBetween(wanted, actual, comparison.paths)
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

/** The differences below the paths that the comparison found, with Secret values masked first. */
function changesBetween(
  wanted: KubeObject,
  actual: KubeObject,
  paths: readonly string[],
): readonly Change[] {
  const [before, after] = maskSecret(normalise(actual), normalise(wanted));
  const roots = paths.map((path) => path.replace(/[.[].*$/, ''));
  return (deepDiff.diff(before, after) ?? [])
    .filter(({ path }) => roots.includes(String(path?.[0] ?? '')))
    .map((change) => {
      const path = (change.path ?? []).join('.');
      switch (change.kind) {
        case 'N':
          return { path, desired: change.rhs };
        case 'D':
          return { path, live: change.lhs };
        case 'E':
          return { path, live: change.lhs, desired: change.rhs };
        case 'A':
          return {
            path: `${path}.${change.index}`,
            live: lhsOf(change.item),
            desired: rhsOf(change.item),
          };
      }
    })
    .filter((change) => 'desired' in change || isGone(change.path, paths));
}

/** Members that only live has do not matter, unless our last apply set them. */
function isGone(path: string, paths: readonly string[]): boolean {
  const names = (text: string) => text.split(/[.[\]]+/).filter((part) => part !== '');
  const wanted = names(path).join('.');
  return paths.some((candidate) => wanted.startsWith(names(candidate).join('.')));
}

const lhsOf = (item: object): unknown => ('lhs' in item ? item.lhs : undefined);
const rhsOf = (item: object): unknown => ('rhs' in item ? item.rhs : undefined);

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
