import { isJsonObject, type JsonValue } from '../core/objects/json.ts';
import {
  DEFAULT_RESOURCE_SETTINGS,
  type CompareSettings,
  type ResourceCustomization,
  type ResourceSettings,
} from '../core/settings/resource-settings.ts';
import {
  NO_RULE,
  parse,
  type Problem,
  readActions,
  readCel,
  readIgnore,
  readKnownTypes,
} from './customization-parts.ts';

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
  /** What is told, and returned to be kept where acting as if nothing was said would do harm. */
  const problemIn: ProblemIn = (key) => (reason) => {
    const text = `${key}: ${reason}`;
    problems.push(text);
    return text;
  };
  /** After these it is known of no kind what is not to be compared. */
  const doubts: string[] = [];
  const doubtIn =
    (key: string): Problem =>
    (reason) => {
      const text = problemIn(key)(reason);
      doubts.push(text);
      return text;
    };
  const block = keys['resource.customizations'];
  readBlock(block, drafts, open, { problemIn, doubt: doubtIn('resource.customizations') });
  for (const key of Object.keys(keys).toSorted()) {
    const split = splitKey(key);
    const text = keys[key];
    if (split === undefined || typeof text !== 'string') continue;
    readPart(split, text, drafts, open, problemIn(key));
  }
  const compareOptions = 'resource.compareoptions';
  const compare = {
    ...readCompare(keys[compareOptions], doubtIn(compareOptions)),
    ignoreResourceUpdatesEnabled: keys['resource.ignoreResourceUpdatesEnabled'] !== 'false',
  };
  const [unreadable] = doubts;
  if (unreadable !== undefined) {
    const all = draftOf(drafts, '*', '*');
    all.ignoreDifferences = { ...(all.ignoreDifferences ?? NO_RULE), unreadable };
  }
  return {
    customizations: finish(drafts, open),
    compare,
    sensitiveAnnotations: splitList(keys['resource.sensitive.mask.annotations']),
    problems,
  };
}

type ProblemIn = (key: string) => Problem;

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
  problem: Problem,
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
  { problemIn, doubt }: { readonly problemIn: ProblemIn; readonly doubt: Problem },
): void {
  if (typeof text !== 'string' || text.trim() === '') return;
  const block = parse(text);
  if (!isJsonObject(block)) {
    doubt('is not a map from <group>/<kind>');
    return;
  }
  for (const [id, value] of Object.entries(block)) {
    const problem = problemIn(`resource.customizations ${id}`);
    const at = id.lastIndexOf('/');
    const group = at < 0 ? '' : id.slice(0, at);
    const kind = id.slice(at + 1);
    const draft = draftOf(drafts, group, kind);
    if (!isJsonObject(value)) {
      draft.ignoreDifferences = { ...NO_RULE, unreadable: problem('is not a map') };
      continue;
    }
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

/** `a, b` → `a`, `b`. */
function splitList(value: JsonValue | undefined): readonly string[] {
  if (typeof value !== 'string') return [];
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function readCompare(
  text: JsonValue | undefined,
  problem: Problem,
): Omit<CompareSettings, 'ignoreResourceUpdatesEnabled'> {
  const defaults = DEFAULT_RESOURCE_SETTINGS.compare;
  const value = typeof text === 'string' ? parse(text) : undefined;
  if (value === undefined) return defaults;
  if (!isJsonObject(value)) {
    problem('is not a map');
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
