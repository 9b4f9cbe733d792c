import {
  hasRules,
  ignoreRulesFor,
  NO_RULES,
  pathsOfPointers,
  type IgnoreRules,
} from '../core/diff/ignore-rules.ts';
import { isStatusIgnored } from '../core/diff/normalise.ts';
import { assessHealth } from '../core/health/assess-health.ts';
import { jsonEqual, type JsonObject } from '../core/objects/json.ts';
import { removePaths, type JsonPath } from '../core/objects/json-path.ts';
import { idOf, type KubeObject } from '../core/objects/kube-object.ts';
import type { KindSettings } from '../core/settings/settings-view.ts';
import type { LiveEvent } from '../ports/live-state.ts';
import type { ScriptEngine } from '../ports/script-engine.ts';

/** `ask`: only its jq expressions can tell. */
export type Worth = 'yes' | 'no' | 'ask';

/**
 * Whether a change of a live object can change what is said of its application: everything but
 * bookkeeping, `status` unless it is compared, and what `ignoreResourceUpdates` leaves out, or its health.
 */
export function worthALook(event: LiveEvent, settings: KindSettings): Worth {
  const { type, object, previous } = event;
  if (type === 'deleted' || previous === undefined) return 'yes';
  if (object.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp) return 'yes';
  if (healthMayDiffer(object, previous, settings)) return 'yes';
  const [before, after] = [comparable(previous, settings), comparable(object, settings)];
  if (jsonEqual(after, before)) return 'no';
  const rules = updateRules(object, settings);
  if (!hasRules(rules)) return 'yes';
  if (rules.jq.length > 0) return 'ask';
  return sameWithout(before, after, rules, [[], []]) ? 'no' : 'yes';
}

/** The answer to `ask`. An expression that fails leaves nothing out. */
export async function askWorth(
  { object, previous }: LiveEvent,
  settings: KindSettings,
  scripts: ScriptEngine,
  signal: AbortSignal,
): Promise<boolean> {
  if (previous === undefined) return true;
  const rules = updateRules(object, settings);
  const pair = [comparable(previous, settings), comparable(object, settings)] as const;
  const paths: [JsonPath[], JsonPath[]] = [[], []];
  for (const expression of rules.jq) {
    const outcomes = await scripts.jqPaths(expression, pair, signal);
    for (const [side, outcome] of outcomes.entries())
      if (outcome.type === 'value') paths[side === 0 ? 0 : 1].push(...outcome.value);
  }
  return !sameWithout(...pair, rules, paths);
}

function sameWithout(
  before: JsonObject,
  after: JsonObject,
  { pointers }: IgnoreRules,
  [left, right]: readonly [readonly JsonPath[], readonly JsonPath[]],
): boolean {
  return jsonEqual(
    removePaths(before, [...left, ...pathsOfPointers(before, pointers)]),
    removePaths(after, [...right, ...pathsOfPointers(after, pointers)]),
  );
}

function updateRules(object: KubeObject, settings: KindSettings): IgnoreRules {
  const { ignoreResourceUpdates, ignoreDifferences, compare } = settings;
  if (!compare.ignoreResourceUpdatesEnabled) return NO_RULES;
  const also = compare.ignoreDifferencesOnResourceUpdates ? ignoreDifferences : [];
  return ignoreRulesFor(idOf(object), undefined, [...ignoreResourceUpdates, ...also]);
}

function healthMayDiffer(
  object: KubeObject,
  previous: KubeObject,
  { health }: KindSettings,
): boolean {
  if (health !== undefined) return !jsonEqual(object['status'], previous['status']); // only its script can tell
  const before = assessHealth(previous);
  const after = assessHealth(object);
  return before?.status !== after?.status || before?.message !== after?.message;
}

function comparable(object: KubeObject, { compare }: KindSettings): JsonObject {
  const { status, metadata, ...rest } = object;
  const isCompared = !isStatusIgnored(object, compare.ignoreResourceStatus);
  const {
    resourceVersion: _rv,
    generation: _generation,
    managedFields: _fields,
    ...kept
  } = metadata;
  return { ...rest, ...(isCompared ? { status } : {}), metadata: kept };
}
