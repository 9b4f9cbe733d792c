import { load } from 'js-yaml';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../core/objects/json.ts';
import {
  DEFAULT_RESOURCE_SETTINGS,
  type ActionScripts,
  type CelHealth,
  type CelRule,
  type CompareSettings,
  type IgnoreRule,
  type KnownTypeField,
  type ResourceCustomization,
  type ResourceSettings,
} from '../core/settings/resource-settings.ts';

/** Draft of one customization while its keys are collected. */
type Draft = { -readonly [K in keyof ResourceCustomization]: ResourceCustomization[K] };

const PREFIX = 'resource.customizations.';
const PARTS = [
  'health',
  'healthCEL',
  'useOpenLibs',
  'actions',
  'ignoreDifferences',
  'ignoreResourceUpdates',
  'knownTypeFields',
] as const;
type Part = (typeof PARTS)[number];

/**
 * Reads what `data` of `argocd-cm` says about comparing and judging objects. Split keys
 * (`resource.customizations.health.<group>_<kind>`) override the same parts of the older block
 * `resource.customizations`. Never throws: what makes no sense is left out and told in `problems`.
 */
export function readResourceSettings(data: JsonValue | undefined): ResourceSettings {
  const keys = isJsonObject(data) ? data : {};
  const problems: string[] = [];
  const drafts = new Map<string, Draft>();
  const open = new Map<string, boolean>();
  readBlock(keys['resource.customizations'], drafts, open, problems);
  for (const key of Object.keys(keys).toSorted()) {
    const split = splitKey(key);
    const text = keys[key];
    if (split === undefined || typeof text !== 'string') continue;
    readPart(split, text, drafts, open, (reason) => problems.push(`${key}: ${reason}`));
  }
  return {
    customizations: finish(drafts, open),
    compare: readCompare(keys['resource.compareoptions'], problems),
    sensitiveAnnotations: splitList(keys['resource.sensitive.mask.annotations']),
    problems,
  };
}

interface SplitKey {
  readonly part: Part;
  readonly group: string;
  readonly kind: string;
}

/** `resource.customizations.health.apps_Deployment`; the core group is left out, `all` is every kind. */
function splitKey(key: string): SplitKey | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const rest = key.slice(PREFIX.length);
  const part = PARTS.find((name) => rest.startsWith(`${name}.`));
  if (part === undefined) return undefined;
  const id = rest.slice(part.length + 1);
  if (id === 'all') return { part, group: '*', kind: '*' };
  const at = id.lastIndexOf('_');
  return at < 0
    ? { part, group: '', kind: id }
    : { part, group: id.slice(0, at), kind: id.slice(at + 1) };
}

function draftOf(drafts: Map<string, Draft>, group: string, kind: string): Draft {
  const id = `${group}/${kind}`;
  const draft = drafts.get(id) ?? { group, kind };
  drafts.set(id, draft);
  return draft;
}

function readPart(
  { part, group, kind }: SplitKey,
  text: string,
  drafts: Map<string, Draft>,
  open: Map<string, boolean>,
  problem: (reason: string) => void,
): void {
  const draft = draftOf(drafts, group, kind);
  switch (part) {
    case 'health':
      if (text.trim() !== '') draft.health = { source: text, openLibs: false };
      return;
    case 'useOpenLibs':
      open.set(`${group}/${kind}`, text.trim() === 'true');
      return;
    case 'healthCEL':
      set(draft, 'healthCel', readCel(parse(text), problem));
      return;
    case 'actions':
      set(draft, 'actions', readActions(parse(text), problem));
      return;
    case 'ignoreDifferences':
      set(draft, 'ignoreDifferences', readIgnore(parse(text), problem));
      return;
    case 'ignoreResourceUpdates':
      set(draft, 'ignoreResourceUpdates', readIgnore(parse(text), problem));
      return;
    case 'knownTypeFields':
      set(draft, 'knownTypeFields', readKnownTypes(parse(text), problem));
  }
}

/** The older form: `{"<group>/<kind>": {health.lua, health.lua.useOpenLibs, actions, ignoreDifferences, …}}`. */
function readBlock(
  text: JsonValue | undefined,
  drafts: Map<string, Draft>,
  open: Map<string, boolean>,
  problems: string[],
): void {
  if (typeof text !== 'string' || text.trim() === '') return;
  const block = parse(text);
  if (!isJsonObject(block)) {
    problems.push('resource.customizations: is not a map from <group>/<kind>');
    return;
  }
  for (const [id, value] of Object.entries(block)) {
    const problem = (reason: string) => problems.push(`resource.customizations ${id}: ${reason}`);
    if (!isJsonObject(value)) {
      problem('is not a map');
      continue;
    }
    const at = id.lastIndexOf('/');
    const group = at < 0 ? '' : id.slice(0, at);
    const kind = id.slice(at + 1);
    const draft = draftOf(drafts, group, kind);
    const health = value['health.lua'];
    if (typeof health === 'string') draft.health = { source: health, openLibs: false };
    if (value['health.lua.useOpenLibs'] === true) open.set(`${group}/${kind}`, true);
    set(draft, 'actions', readActions(nested(value['actions']), problem));
    set(draft, 'ignoreDifferences', readIgnore(nested(value['ignoreDifferences']), problem));
    const updates = nested(value['ignoreResourceUpdates']);
    set(draft, 'ignoreResourceUpdates', readIgnore(updates, problem));
    const fields = nested(value['knownTypeFields']);
    set(draft, 'knownTypeFields', readKnownTypes(fields, problem));
  }
}

/** Parts of the older block are YAML texts within YAML, or plain YAML. */
const nested = (value: JsonValue | undefined): JsonValue | undefined =>
  typeof value === 'string' ? parse(value) : value;

function set<K extends keyof Draft>(draft: Draft, key: K, value: Draft[K] | undefined): void {
  if (value !== undefined) draft[key] = value;
}

/** `undefined` for an empty text, `null` for one that is no YAML. */
function parse(text: string): JsonValue | undefined {
  if (text.trim() === '') return undefined;
  try {
    return load(text) as JsonValue;
  } catch {
    return null; // told as a problem by whoever wanted a map or a list
  }
}

function readCel(
  value: JsonValue | undefined,
  problem: (reason: string) => void,
): CelHealth | undefined {
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

function readActions(
  value: JsonValue | undefined,
  problem: (reason: string) => void,
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

function readIgnore(
  value: JsonValue | undefined,
  problem: (reason: string) => void,
): IgnoreRule | undefined {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) {
    problem('is not a map of jsonPointers, jqPathExpressions and managedFieldsManagers');
    return undefined;
  }
  return {
    jsonPointers: listOf(value['jsonPointers']),
    jqPathExpressions: listOf(value['jqPathExpressions']),
    managedFieldsManagers: listOf(value['managedFieldsManagers']),
  };
}

function readKnownTypes(
  value: JsonValue | undefined,
  problem: (reason: string) => void,
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

function listOf(value: JsonValue | undefined): readonly string[] {
  if (!isJsonArray(value)) return [];
  return value.filter((item): item is string => typeof item === 'string' && item !== '');
}

/** `a, b` → `a`, `b`. */
function splitList(value: JsonValue | undefined): readonly string[] {
  if (typeof value !== 'string') return [];
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function readCompare(text: JsonValue | undefined, problems: string[]): CompareSettings {
  const defaults = DEFAULT_RESOURCE_SETTINGS.compare;
  const value = typeof text === 'string' ? parse(text) : undefined;
  if (value === undefined) return defaults;
  if (!isJsonObject(value)) {
    problems.push('resource.compareoptions: is not a map');
    return defaults;
  }
  return {
    ignoreAggregatedRoles: isTrue(value['ignoreAggregatedRoles']),
    ignoreResourceStatus: statusRule(value['ignoreResourceStatusField']),
    ignoreDifferencesOnResourceUpdates: value['ignoreDifferencesOnResourceUpdates'] !== false,
  };
}

const isTrue = (value: JsonValue | undefined): boolean => value === true || value === 'true';

/** What is not known means all, as with the incumbent. */
function statusRule(value: JsonValue | undefined): CompareSettings['ignoreResourceStatus'] {
  if (value === 'crd') return 'crd';
  return value === 'none' || value === 'off' || value === false || value === 'false'
    ? 'none'
    : 'all';
}

/** Exact kinds before kinds with wildcards, so that the first match is the closest. */
function finish(
  drafts: ReadonlyMap<string, Draft>,
  open: ReadonlyMap<string, boolean>,
): readonly ResourceCustomization[] {
  const isGlob = ({ group, kind }: Draft) => /[*?[{]/.test(group + kind);
  return [...drafts.values()]
    .map((draft): ResourceCustomization => {
      const openLibs = open.get(`${draft.group}/${draft.kind}`) ?? open.get('*/*') ?? false;
      return draft.health === undefined
        ? draft
        : { ...draft, health: { ...draft.health, openLibs } };
    })
    .toSorted((a, b) => Number(isGlob(a)) - Number(isGlob(b)));
}
