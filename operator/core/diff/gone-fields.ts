import { followStep, stepsOf, type FieldSet } from '../objects/field-set.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { formatWalk } from './compare-values.ts';
import type { AppliedFields, LastApplied } from './last-applied.ts';
import { itemKey } from './list-keys.ts';
import { namesAll } from './names-all.ts';
import { LAST_APPLIED_ANNOTATION } from './normalise.ts';
import { memberType, type TypeSchema } from './type-schema.ts';

/** Fields that were applied last, still stand in live, and are gone from desired. */
export interface GoneFields {
  /** The API server would not remove them, and so its dry run would not show them. */
  readonly certain: readonly string[];
  /** The API server removes them, unless somebody else holds them too. */
  readonly suspected: readonly string[];
}

const NONE: GoneFields = { certain: [], suspected: [] };

/** Root members that desired state does not speak about, or that are part of the address. */
const NEVER_GONE: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'status']);

/**
 * Compares what was applied last with desired and live, both normalised. Paths read as those of
 * `compareObject`. Where the versions of the three differ, names may differ too, and nothing is
 * certain; a field that then cannot be found is suspected.
 */
export function goneFields(
  lastApplied: LastApplied,
  desired: KubeObject,
  live: KubeObject,
  type: TypeSchema | undefined,
): GoneFields {
  switch (lastApplied.type) {
    case 'unknown':
      return NONE;
    case 'applied': {
      const suspected = goneOf(lastApplied.applied, desired, live, 'all');
      return suspected.length === 0 ? NONE : { certain: [], suspected };
    }
    case 'annotation':
      return sorted(goneFromObject(lastApplied.object, desired, live, type), desired, live);
    case 'updated': {
      const { object, updated, isExact, applied } = lastApplied;
      const dropped =
        object === undefined
          ? goneOf(updated, desired, live, isExact ? 'all' : 'map-members')
          : goneFromObject(object, desired, live, type);
      const gone = sorted(dropped, desired, live);
      if (applied === undefined) return gone;
      const known = new Set([...gone.certain, ...gone.suspected]);
      const others = goneOf(applied, desired, live, 'all').filter((path) => !known.has(path));
      return { certain: gone.certain, suspected: [...gone.suspected, ...others] };
    }
  }
}

function sorted(gone: readonly string[], desired: KubeObject, live: KubeObject): GoneFields {
  if (gone.length === 0) return NONE;
  return desired.apiVersion === live.apiVersion
    ? { certain: gone, suspected: [] }
    : { certain: [], suspected: gone };
}

/**
 * `map-members`: the set is that of an `Update`, which holds what the API server filled in as well.
 * Nobody fills in labels, annotations or data.
 */
type Reach = 'all' | 'map-members';

const FILLED_BY_NOBODY: ReadonlySet<string> = new Set([
  'metadata.labels',
  'metadata.annotations',
  'data',
  'binaryData',
]);

/** The ones that the API server does fill in: of DaemonSets, and of every Namespace. */
const FILLED_IN: ReadonlySet<string> = new Set([
  'deprecated.daemonset.template.generation',
  'kubernetes.io/metadata.name',
]);

function goneOf(
  { fields, apiVersion }: AppliedFields,
  desired: KubeObject,
  live: KubeObject,
  reach: Reach,
): string[] {
  if (namesAll(fields, desired)) return [];
  const search: Search = {
    path: [],
    found: [],
    reach,
    sameVersion: apiVersion === undefined || apiVersion === live.apiVersion,
  };
  goneFromSet(search, fields, desired, live);
  return search.found;
}

interface Search {
  readonly path: string[];
  found: string[];
  readonly reach: Reach;
  readonly sameVersion: boolean;
}

function goneFromSet(
  search: Search,
  fields: FieldSet,
  desired: JsonValue | undefined,
  live: JsonValue,
): void {
  for (const [step, below] of stepsOf(fields)) {
    if (isPassedOver(search.path, step)) continue;
    // What was applied as `stringData` stands as `data`.
    const actual = search.path.length === 0 && step === 'f:stringData' ? 'f:data' : step;
    const standing = followStep(live, actual);
    const wanted = desired === undefined ? undefined : followStep(desired, actual)?.value;
    if (standing === undefined && (wanted !== undefined || search.sameVersion)) continue;
    search.path.push(stepText(actual));
    if (standing === undefined) search.found.push(formatWalk(search.path));
    else if (wanted !== undefined) goneFromSet(search, below, wanted, standing.value);
    else goneWhole(search, { step: actual, below }, standing.value);
    search.path.pop();
  }
}

/** Desired has nothing at this path, live has. */
function goneWhole(
  search: Search,
  { step, below }: { readonly step: string; readonly below: FieldSet },
  live: JsonValue,
): void {
  const isItem = !step.startsWith('f:');
  if (stepsOf(below).length === 0 || (isItem && '.' in below)) {
    if (isWithinReach(search)) search.found.push(formatWalk(search.path));
    return;
  }
  const before = search.found;
  search.found = [];
  goneFromSet(search, below, undefined, live);
  const inside = search.found;
  search.found = before;
  // The map itself was ours, or nothing is left of it: one path says it.
  if (inside.length === 0 && isEmpty(live) && search.reach === 'all')
    before.push(formatWalk(search.path));
  else if (inside.length > 1 && '.' in below && search.reach === 'all')
    before.push(formatWalk(search.path));
  else before.push(...inside);
}

const isWithinReach = ({ path, reach }: Search): boolean =>
  reach === 'all' ||
  (FILLED_BY_NOBODY.has(path.slice(0, -1).join('.')) && !FILLED_IN.has(path.at(-1) ?? ''));

function isPassedOver(path: readonly string[], step: string): boolean {
  const name = step.slice(2);
  if (path.length === 0) return NEVER_GONE.has(name);
  return name === LAST_APPLIED_ANNOTATION && path.length === 2 && path[1] === 'annotations';
}

const isEmpty = (value: JsonValue): boolean =>
  (isJsonArray(value) && value.length === 0) ||
  (isJsonObject(value) && Object.keys(value).length === 0);

const stepText = (step: string): string =>
  step.startsWith('f:') ? step.slice(2) : `[${step.slice(2)}]`;

/** The same question asked of the last-applied annotation, which has values instead of a field set. */
function goneFromObject(
  last: JsonObject,
  desired: KubeObject,
  live: KubeObject,
  type: TypeSchema | undefined,
): string[] {
  const found: string[] = [];
  goneMembers({ path: [], found }, type, last, desired, live);
  return found;
}

interface Trail {
  readonly path: string[];
  readonly found: string[];
}

function goneMembers(
  trail: Trail,
  type: TypeSchema | undefined,
  last: JsonObject,
  desired: JsonObject,
  live: JsonObject,
): void {
  const { path, found } = trail;
  for (const [name, value] of Object.entries(last)) {
    if (value === undefined || value === null || isPassedOver(path, `f:${name}`)) continue;
    const isStringData = path.length === 0 && name === 'stringData';
    const actual = isStringData ? 'data' : name;
    const standing = own(live, actual);
    if (standing === undefined || standing === null) continue;
    const wanted = own(desired, actual);
    path.push(actual);
    if (wanted === undefined) {
      if (!isEmpty(value) && !isEmpty(standing)) found.push(formatWalk(path));
    } else goneValues(trail, memberType(type, actual), value, wanted, standing);
    path.pop();
  }
}

function goneValues(
  trail: Trail,
  type: TypeSchema | undefined,
  last: JsonValue,
  desired: JsonValue,
  live: JsonValue,
): void {
  if (isJsonObject(last)) {
    if (isJsonObject(desired) && isJsonObject(live)) goneMembers(trail, type, last, desired, live);
    return;
  }
  if (!isJsonArray(last) || !isJsonArray(desired) || !isJsonArray(live)) return;
  const list = type?.list;
  if (list === undefined || list.type === 'atomic') return; // compared as a whole
  const keyOf = (item: JsonValue): string =>
    list.type === 'map' && isJsonObject(item)
      ? itemKey(item, list.keys, list.defaults)
      : JSON.stringify(item);
  const wanted = new Map(desired.map((item) => [keyOf(item), item]));
  const standing = new Map(live.map((item) => [keyOf(item), item]));
  for (const item of last) {
    const key = keyOf(item);
    const [inDesired, inLive] = [wanted.get(key), standing.get(key)];
    if (inLive === undefined) continue;
    trail.path.push(`[${key}]`);
    if (inDesired === undefined) trail.found.push(formatWalk(trail.path));
    else goneValues(trail, type?.element, item, inDesired, inLive);
    trail.path.pop();
  }
}

const own = (object: JsonObject, name: string): JsonValue | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;
