import type { IgnoreDifferences } from '../core/app/types.ts';
import {
  hasRules,
  ignoreRulesFor,
  NO_RULES,
  pathsOfPointers,
  type IgnoreRules,
} from '../core/diff/ignore-rules.ts';
import { removePaths, type JsonPath } from '../core/objects/json-path.ts';
import {
  parseResourceKey,
  type KubeObject,
  type ResourceKey,
} from '../core/objects/kube-object.ts';
import type { KindSettings, SettingsView } from '../core/settings/settings-view.ts';
import type { EnginePorts } from './ports.ts';

/** What of one object is not to be compared. */
export interface Ignored {
  /** The object without those parts; the very same object when there are none. */
  readonly object: KubeObject;
  readonly paths: readonly JsonPath[];
  /** Why a rule could not be followed; the comparison is then not to be relied on. */
  readonly failure: string | undefined;
}

/** Rules of one application's objects, and what they came to. Lost without harm. */
export interface IgnoreMemory {
  /** The application's own rules as JSON: when they change, all rules are made anew. */
  own: string;
  readonly rules: Map<ResourceKey, { readonly kind: KindSettings; readonly rules: IgnoreRules }>;
  readonly done: WeakMap<KubeObject, { readonly rules: IgnoreRules; readonly ignored: Ignored }>;
  /** Expressions that are no programs, or did not end, and when they may be tried again. */
  readonly broken: Map<string, { readonly reason: string; readonly untilMs: number }>;
}

/** An expression that took too long once may have met a busy machine. */
const TRY_AGAIN_MS = 600_000;

export function createIgnoreMemory(): IgnoreMemory {
  return { own: '', rules: new Map(), done: new WeakMap(), broken: new Map() };
}

/** The rules for an object; the same object again for as long as nothing about them changed. */
export function rulesFor(
  key: ResourceKey,
  own: readonly IgnoreDifferences[] | undefined,
  view: SettingsView,
  memory: IgnoreMemory,
): IgnoreRules {
  const text = own === undefined ? '' : JSON.stringify(own);
  if (text !== memory.own) {
    memory.own = text;
    memory.rules.clear();
    memory.broken.clear();
  }
  const id = parseResourceKey(key);
  const kind = view.kind(id);
  const known = memory.rules.get(key);
  if (known?.kind === kind) return known.rules;
  const rules = ignoreRulesFor(id, own, kind.ignoreDifferences);
  memory.rules.set(key, { kind, rules });
  return rules;
}

/**
 * Finds out what the pointers and jq expressions of each object name. Managers are another matter:
 * what they own is known only to the API server.
 */
export async function findIgnored(
  wanted: readonly { readonly object: KubeObject; readonly rules: IgnoreRules }[],
  { scripts, clock }: Pick<EnginePorts, 'scripts' | 'clock'>,
  memory: IgnoreMemory,
  signal: AbortSignal,
): Promise<void> {
  const nowMs = clock.monotonic();
  const open = wanted.filter(
    ({ object, rules }) => hasRules(rules) && memory.done.get(object)?.rules !== rules,
  );
  if (open.length === 0) return;
  const byExpression = new Map<string, KubeObject[]>();
  for (const { object, rules } of open)
    for (const expression of rules.jq) {
      const list = byExpression.get(expression) ?? [];
      list.push(object);
      byExpression.set(expression, list);
    }
  const named = new Map<KubeObject, JsonPath[]>();
  const failures = new Map<KubeObject, string>();
  for (const [expression, objects] of byExpression) {
    let broken = memory.broken.get(expression);
    if (broken !== undefined && broken.untilMs < nowMs) broken = undefined;
    // One object first: where an expression does not end, the others need not wait for it.
    for (const slice of broken === undefined ? [objects.slice(0, 1), objects.slice(1)] : []) {
      if (broken !== undefined || slice.length === 0) break;
      const outcomes = await scripts.jqPaths(expression, slice, signal);
      for (const [index, outcome] of outcomes.entries()) {
        const object = slice[index];
        if (object === undefined) continue;
        if (outcome.type === 'value')
          named.set(object, [...(named.get(object) ?? []), ...outcome.value]);
        // One that does not fit an object, such as iterating over nothing, names nothing in it.
        else if (outcome.kind !== 'run')
          broken = { reason: outcome.reason, untilMs: nowMs + TRY_AGAIN_MS };
      }
    }
    if (broken === undefined) continue;
    memory.broken.set(expression, broken);
    for (const object of objects)
      failures.set(object, `jq expression "${expression}": ${broken.reason}`);
  }
  for (const { object, rules } of open) {
    const paths = [
      ...pathsOfPointers(object, rules.pointers),
      ...(named.get(object) ?? []),
    ].flatMap(withoutIdentity);
    const ignored = {
      object: removePaths(object, paths),
      paths,
      failure: failures.get(object) ?? rules.unreadable,
    };
    memory.done.set(object, { rules, ignored });
  }
}

/** What an object is, and who owns its fields, stays known whatever a rule says. */
function withoutIdentity(path: JsonPath): readonly JsonPath[] {
  const [first, second] = path;
  if (first === undefined || first === 'apiVersion' || first === 'kind') return [];
  if (first !== 'metadata') return [path];
  if (second === undefined) return OPEN_METADATA.map((field) => ['metadata', field]);
  return second === 'managedFields' || second === 'name' || second === 'namespace' ? [] : [path];
}

const OPEN_METADATA = ['annotations', 'finalizers', 'labels', 'ownerReferences'] as const;

/** What `findIgnored` found for an object. */
export function ignoredOf(object: KubeObject, rules: IgnoreRules, memory: IgnoreMemory): Ignored {
  const known = rules === NO_RULES ? undefined : memory.done.get(object);
  return known?.rules === rules ? known.ignored : { object, paths: [], failure: undefined };
}
