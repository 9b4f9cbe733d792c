import { load } from 'js-yaml';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../core/objects/json.ts';
import type {
  ActionScripts,
  CelHealth,
  CelRule,
  IgnoreRule,
  KnownTypeField,
} from '../core/settings/resource-settings.ts';

// What stands in one part of a customization of argocd-cm.

/** Told, and returned as it was told, with its key. */
export type Problem = (reason: string) => string;

export const NO_RULE: IgnoreRule = {
  jsonPointers: [],
  jqPathExpressions: [],
  managedFieldsManagers: [],
};

/** `undefined` for an empty text, `null` for one that is no YAML. */
export function parse(text: string): JsonValue | undefined {
  if (text.trim() === '') return undefined;
  try {
    return load(text) as JsonValue;
  } catch {
    return null; // told as a problem by whoever wanted a map or a list
  }
}

export function readCel(value: JsonValue | undefined, problem: Problem): CelHealth | undefined {
  if (value === undefined) return undefined;
  if (!isJsonArray(value)) {
    problem('is not a list of {status, when, message}');
    return undefined;
  }
  const rules: CelRule[] = [];
  for (const [index, item] of value.entries()) {
    const rule = isJsonObject(item) ? celRule(item) : undefined;
    if (rule === undefined) {
      problem(`[${index}] needs a status (${CEL_STATUSES.join(', ')}) and an expression in "when"`);
      return undefined;
    }
    rules.push(rule);
  }
  return { rules };
}

const CEL_STATUSES = ['Healthy', 'Progressing', 'Degraded', 'Suspended', 'Missing'] as const;

function celRule({ status, when, message }: JsonObject): CelRule | undefined {
  const known = CEL_STATUSES.find((name) => name === status);
  if (known === undefined || typeof when !== 'string') return undefined;
  if (message === undefined || message === null) return { status: known, when };
  return typeof message === 'string' ? { status: known, when, message } : undefined;
}

export function readActions(
  value: JsonValue | undefined,
  problem: Problem,
): ActionScripts | undefined {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) {
    problem('actions: is not a map of discovery.lua and definitions');
    return undefined;
  }
  const discovery = value['discovery.lua'];
  const list = value['definitions'];
  const definitions = (isJsonArray(list) ? list : []).flatMap((item) => {
    const name = isJsonObject(item) ? item['name'] : undefined;
    const source = isJsonObject(item) ? item['action.lua'] : undefined;
    if (typeof name === 'string' && typeof source === 'string') return [{ name, source }];
    problem('actions: a definition needs a name and an action.lua');
    return [];
  });
  return {
    discovery: typeof discovery === 'string' ? discovery : '',
    definitions,
    mergeBuiltinActions: value['mergeBuiltinActions'] === true,
  };
}

/** A rule that cannot be read stays one: to compare as if it had never been made would start heals. */
export function readIgnore(value: JsonValue | undefined, problem: Problem): IgnoreRule | undefined {
  if (value === undefined) return undefined;
  const parts = isJsonObject(value) ? RULE_PARTS.map((part) => listOf(value[part])) : [];
  const [jsonPointers, jqPathExpressions, managedFieldsManagers] = parts;
  if (jsonPointers === undefined || jqPathExpressions === undefined)
    return { ...NO_RULE, unreadable: problem(NO_MAP_OF_LISTS) };
  if (managedFieldsManagers === undefined)
    return { ...NO_RULE, unreadable: problem(NO_MAP_OF_LISTS) };
  return { jsonPointers, jqPathExpressions, managedFieldsManagers };
}

const RULE_PARTS = ['jsonPointers', 'jqPathExpressions', 'managedFieldsManagers'] as const;
const NO_MAP_OF_LISTS =
  'is not a map of jsonPointers, jqPathExpressions and managedFieldsManagers, each a list of texts';

export function readKnownTypes(
  value: JsonValue | undefined,
  problem: Problem,
): readonly KnownTypeField[] | undefined {
  if (value === undefined) return undefined;
  if (!isJsonArray(value)) {
    problem('is not a list of {field, type}');
    return undefined;
  }
  return value.flatMap((item) => {
    const field = isJsonObject(item) ? item['field'] : undefined;
    const type = isJsonObject(item) ? item['type'] : undefined;
    if (typeof field === 'string' && typeof type === 'string') return [{ field, type }];
    problem('an entry needs a field and a type');
    return [];
  });
}

/** The texts of a list; none when it is absent, `undefined` when it is something else. */
function listOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  if (!isJsonArray(value)) return undefined;
  const texts = value.filter((item) => typeof item === 'string');
  return texts.length === value.length ? texts.filter((text) => text !== '') : undefined;
}
