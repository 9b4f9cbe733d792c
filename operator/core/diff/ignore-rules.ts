import type { IgnoreDifferences } from '../app/types.ts';
import { compileGlob } from '../glob.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';
import type { JsonPath } from '../objects/json-path.ts';
import type { ResourceId } from '../objects/kube-object.ts';
import type { IgnoreRule } from '../settings/resource-settings.ts';

/** Everything that is said about not comparing parts of one object. */
export interface IgnoreRules {
  /** Parsed pointers; `*` stands for every member. */
  readonly pointers: readonly (readonly string[])[];
  readonly jq: readonly string[];
  readonly managers: readonly string[];
  /** A rule of the administrator that could not be read. */
  readonly unreadable?: string;
}

export const NO_RULES: IgnoreRules = { pointers: [], jq: [], managers: [] };

export function hasRules(rules: IgnoreRules): boolean {
  const { pointers, jq, managers, unreadable } = rules;
  return pointers.length > 0 || jq.length > 0 || managers.length > 0 || unreadable !== undefined;
}

/**
 * Collects the rules for one object: those of the administrator for its kind, and those of the
 * application whose group and kind match as globs and whose name and namespace, where given, are
 * equal.
 */
export function ignoreRulesFor(
  id: ResourceId,
  ofApplication: readonly IgnoreDifferences[] | undefined,
  ofKind: readonly IgnoreRule[],
): IgnoreRules {
  const matching = (ofApplication ?? []).filter((rule) => matches(rule, id));
  if (matching.length === 0 && ofKind.length === 0) return NO_RULES;
  const pointers = new Map<string, readonly string[]>();
  const jq = new Set<string>();
  const managers = new Set<string>();
  for (const rule of [...ofKind, ...matching]) {
    for (const text of rule.jsonPointers ?? []) pointers.set(text, parsePointer(text));
    for (const expression of rule.jqPathExpressions ?? []) jq.add(expression);
    for (const manager of rule.managedFieldsManagers ?? []) managers.add(manager);
  }
  const usable = [...pointers.values()].filter((pointer) => pointer.length > 0);
  const unreadable = ofKind.find((rule) => rule.unreadable !== undefined)?.unreadable;
  const rules = {
    pointers: usable,
    jq: [...jq],
    managers: [...managers],
    ...(unreadable === undefined ? {} : { unreadable }),
  };
  return hasRules(rules) ? rules : NO_RULES;
}

function matches(rule: IgnoreDifferences, id: ResourceId): boolean {
  const { group = '', kind, name = '', namespace = '' } = rule;
  return (
    compileGlob(group)(id.group) &&
    compileGlob(kind)(id.kind) &&
    (name === '' || name === id.name) &&
    (namespace === '' || namespace === id.namespace)
  );
}

/** RFC 6901: `/metadata/labels/a~1b` → `metadata`, `labels`, `a/b`. A text without a leading `/` names nothing. */
export function parsePointer(text: string): readonly string[] {
  if (!text.startsWith('/')) return [];
  return text
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The places of an object that the pointers name; absent ones are left out. */
export function pathsOfPointers(
  object: JsonValue,
  pointers: readonly (readonly string[])[],
): readonly JsonPath[] {
  const paths: JsonPath[] = [];
  for (const pointer of pointers) collect(object, pointer, 0, [], paths);
  return paths;
}

function collect(
  value: JsonValue | undefined,
  pointer: readonly string[],
  at: number,
  path: JsonPath,
  found: JsonPath[],
): void {
  if (value === undefined) return;
  const segment = pointer[at];
  if (segment === undefined) {
    found.push(path);
    return;
  }
  if (isJsonArray(value)) {
    for (const [index, item] of value.entries())
      if (segment === '*' || segment === String(index))
        collect(item, pointer, at + 1, [...path, index], found);
  } else if (isJsonObject(value)) {
    // A member may really be called `*`, which a rule then names like any other.
    const names = segment === '*' ? Object.keys(value) : [segment];
    for (const name of names)
      if (Object.hasOwn(value, name)) collect(value[name], pointer, at + 1, [...path, name], found);
  }
}
