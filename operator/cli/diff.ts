import type { Application } from '../core/app/types.ts';
import { compareObject } from '../core/diff/compare-object.ts';
import { NO_RULES } from '../core/diff/ignore-rules.ts';
import { TiphysError } from '../core/errors.ts';
import {
  describeResource,
  idOf,
  keyOf,
  resourceKey,
  type KubeObject,
  type ResourceKey,
} from '../core/objects/kube-object.ts';
import type { SettingsView } from '../core/settings/settings-view.ts';
import { compareOptionsFor } from '../engine/compare-application.ts';
import {
  createIgnoreMemory,
  findIgnored,
  ignoredOf,
  rulesFor,
} from '../engine/leave-out-ignored.ts';
import { engineSettings } from '../operator-options.ts';
import { systemClock } from '../runtime/clock.ts';
import { createScriptEngine } from '../scripts/script-engine.ts';
import { noOperands, parseArguments } from './arguments.ts';
import { EXIT_DIFFERENT, EXIT_OK, type Command } from './command.ts';
import { listChanges, type Change } from '../present/list-changes.ts';
import { outputFormat, writeTable, writeValue } from './output.ts';
import { readApplication, readObjects } from './read-objects.ts';
import { readSettings } from './read-settings.ts';

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
  usage:
    '--desired FILE --live FILE [--app APPLICATION.yaml] [--settings argocd-cm.yaml] [-o table|json|yaml]',
  help: 'Exit code 0: applying desired would change nothing. 1: it would. 2: an error. With --app and --settings, what their ignoreDifferences name is left out. Values of Secrets are masked.',
  async run(args, io) {
    const { values, positionals } = parseArguments(args, {
      desired: { type: 'string' },
      live: { type: 'string' },
      app: { type: 'string' },
      settings: { type: 'string' },
      output: { type: 'string', short: 'o' },
    });
    noOperands(positionals);
    const format = outputFormat(values.output, 'table');
    if (values.desired === undefined || values.live === undefined)
      throw new TiphysError('InvalidConfig', '--desired FILE and --live FILE are both needed');
    const desired = await readObjects(values.desired, io);
    const live = await readObjects(values.live, io);
    const app = values.app === undefined ? undefined : await readApplication(values.app, io);
    const view = await readSettings(values.settings, io);
    const pairs = await leaveOutIgnored(pair(desired, live), app, view, io.signal);
    const entries = pairs.map((each) => compare(each, view));
    writeValue(io, format, entries, () =>
      writeTable(io, ['OBJECT', 'STATUS', 'FIELD', 'LIVE', 'DESIRED'], entries.flatMap(rows)),
    );
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

/** Both sides without what the rules name. Errors: `IgnoreRuleFailed` for a rule that does not work. */
async function leaveOutIgnored(
  pairs: readonly Pair[],
  app: Application | undefined,
  view: SettingsView,
  signal: AbortSignal,
): Promise<readonly Pair[]> {
  await using scripts = createScriptEngine({ clock: systemClock });
  const memory = createIgnoreMemory();
  const ruled = pairs.map((both) => {
    const object = both[1] ?? both[0];
    const own = app?.spec.ignoreDifferences ?? undefined;
    return { both, rules: object ? rulesFor(keyOf(object), own, view, memory) : NO_RULES };
  });
  const wanted = ruled.flatMap(({ both, rules }) =>
    both.flatMap((object) => (object === undefined ? [] : [{ object, rules }])),
  );
  await findIgnored(wanted, { scripts, clock: systemClock }, memory, signal);
  return ruled.map(({ both: [left, right], rules }): Pair => {
    const cut = (object: KubeObject | undefined): KubeObject | undefined => {
      if (object === undefined) return undefined;
      const { object: rest, failure } = ignoredOf(object, rules, memory);
      if (failure === undefined) return rest;
      throw new TiphysError('IgnoreRuleFailed', `${describeResource(idOf(object))}: ${failure}`);
    };
    return [cut(left), cut(right)];
  });
}

function compare([wanted, actual]: Pair, view: SettingsView): Entry {
  const object = wanted ?? actual;
  if (object === undefined) throw new TiphysError('Internal', 'nothing to compare');
  const options = compareOptionsFor(idOf(object), engineSettings({ namespace: '' }), view);
  const comparison = compareObject(wanted, actual, { ...options, guess: true });
  const { namespace, name, kind } = idOf(actual ?? object);
  const changes =
    comparison.type === 'different' && wanted !== undefined && actual !== undefined
      ? listChanges(wanted, actual, comparison.paths, view.settings.sensitiveAnnotations)
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
