import {
  isJsonArray,
  isJsonObject,
  jsonEqual,
  type JsonObject,
  type JsonValue,
} from '../objects/json.ts';
import { ATOMIC_NAME, itemKey, type ListType } from './list-keys.ts';
import { sameScalar } from './same-scalar.ts';
import { memberType, type TypeSchema } from './type-schema.ts';

/**
 * What the API server does with values whose type says nothing itself. `go`: it decodes them into Go
 * structs, so that empty lists and maps are the same as absent ones. `raw`: it keeps the JSON as it
 * is. `known`: so too, but settings say that values are to be read as a Go type. `unknown`: there is
 * no schema, and names have to do.
 */
export type Handling = 'go' | 'raw' | 'known' | 'unknown';

/**
 * Paths at which applying `desired` may change `live`. A member that only live has is a default or
 * somebody else's, except in what is replaced as a whole.
 */
export function compareMembers(
  walk: Walk,
  type: TypeSchema | undefined,
  handling: Handling,
  desired: JsonObject,
  live: JsonObject,
): void {
  const inside = handlingInside(type, handling);
  for (const name in desired) {
    const wanted = desired[name];
    const actual = live[name];
    if (wanted === undefined || wanted === actual) continue;
    if (actual === undefined && inside === 'go' && type?.defaults?.[name] === wanted) continue;
    walk.path.push(name);
    if (wanted === null && actual === undefined && type?.isMap === true && inside === 'go')
      differs(walk); // becomes an empty text
    else compareValues(walk, memberType(type, name), inside, wanted, actual);
    walk.path.pop();
  }
}

function handlingInside(type: TypeSchema | undefined, handling: Handling): Handling {
  if (type?.isKnown === true || handling === 'known') return 'known';
  return type?.isGo === true ? 'go' : handling;
}

/** Where a comparison is, and what it found. */
export interface Walk {
  /** Names, and items of lists in brackets. */
  readonly path: string[];
  readonly differing: string[];
}

const differs = ({ path, differing }: Walk): void => {
  differing.push(formatWalk(path));
};

/** `spec.ports[80,"TCP"].nodePort`. */
export function formatWalk(path: readonly string[]): string {
  let text = '';
  for (const step of path) text += text === '' || step.startsWith('[') ? step : `.${step}`;
  return text;
}

function compareValues(
  walk: Walk,
  type: TypeSchema | undefined,
  handling: Handling,
  desired: JsonValue,
  live: JsonValue | undefined,
): void {
  if (desired === live) return;
  if (desired === null || live === undefined || live === null) {
    if (!isSameAsAbsent(type, handling, desired, live)) differs(walk);
  } else if (isJsonArray(desired) && isJsonArray(live)) {
    compareLists(walk, type, handling, desired, live);
  } else if (isJsonObject(desired) && isJsonObject(live)) {
    if (isWhole(walk, type, handling)) {
      if (!sameWhole(type, handling, desired, live)) differs(walk);
    } else compareMembers(walk, type, handling, desired, live);
  } else if (!sameScalar(type?.scalar, desired, live)) differs(walk);
}

/** One side says nothing: does the other? */
function isSameAsAbsent(
  type: TypeSchema | undefined,
  handling: Handling,
  desired: JsonValue,
  live: JsonValue | undefined,
): boolean {
  if (desired !== null) return isNothing(type, handling, desired);
  return (
    live === undefined ||
    isNothing(type, handling, live) ||
    // What null becomes in a map of texts.
    (handling === 'go' && live === '') ||
    // Of what is merged with what others have, null takes nothing away.
    (handling === 'go' && isMerged(type))
  );
}

const isMerged = (type: TypeSchema | undefined): boolean =>
  type?.isAtomic !== true && (type?.isMap === true || type?.list !== undefined);

/** Whether the API server drops such a value when it writes the object. */
function isNothing(
  type: TypeSchema | undefined,
  handling: Handling,
  value: JsonValue | undefined,
): boolean {
  if (value === undefined || value === null) return true;
  if (handling !== 'go' && handling !== 'known') return false;
  if (isJsonArray(value)) return value.length === 0;
  // An empty struct may be all that is to be said: `emptyDir: {}`.
  return type?.isMap === true && isJsonObject(value) && Object.keys(value).length === 0;
}

function isWhole(walk: Walk, type: TypeSchema | undefined, handling: Handling): boolean {
  if (type?.isAtomic === true || type?.isOpaque === true) return true;
  return handling === 'unknown' && ATOMIC_NAME.test(walk.path.at(-1) ?? '');
}

function compareLists(
  walk: Walk,
  type: TypeSchema | undefined,
  handling: Handling,
  desired: readonly JsonValue[],
  live: readonly JsonValue[],
): void {
  const list = type?.isKnown === true || handling === 'known' ? undefined : type?.list;
  switch (list?.type) {
    case 'map':
      compareItems(walk, list, { element: type?.element, handling }, desired, live);
      return;
    case 'set':
      if (!desired.every((item) => live.includes(item) || live.some((own) => jsonEqual(item, own))))
        differs(walk);
      return;
    default:
      if (!sameWhole(type, handling, desired, live)) differs(walk);
  }
}

interface Items {
  readonly element: TypeSchema | undefined;
  readonly handling: Handling;
}

function compareItems(
  walk: Walk,
  list: Extract<ListType, { type: 'map' }>,
  { element, handling }: Items,
  desired: readonly JsonValue[],
  live: readonly JsonValue[],
): void {
  const standing = new Map<string, number>();
  for (const [index, item] of live.entries())
    if (isJsonObject(item)) standing.set(itemKey(item, list.keys, list.defaults), index);
  let last = -1;
  let isInOrder = true;
  for (const item of desired) {
    if (!isJsonObject(item)) {
      differs(walk);
      return;
    }
    const key = itemKey(item, list.keys, list.defaults);
    const at = standing.get(key);
    walk.path.push(`[${key}]`);
    compareValues(walk, element, handling, item, at === undefined ? undefined : live[at]);
    walk.path.pop();
    if (at === undefined) continue;
    isInOrder &&= at > last;
    last = at;
  }
  if (list.isOrdered === true && !isInOrder) differs(walk);
}

/**
 * Whether replacing `live` by `desired` leaves everything as it is: what desired leaves out must be
 * what the API server would fill in again.
 */
function sameWhole(
  type: TypeSchema | undefined,
  handling: Handling,
  desired: JsonValue,
  live: JsonValue,
): boolean {
  if (desired === live) return true;
  if (type?.isOpaque === true) return jsonEqual(desired, live);
  if (isJsonArray(desired))
    return (
      isJsonArray(live) &&
      desired.length === live.length &&
      desired.every((item, index) => sameMember(type?.element, handling, item, live[index]))
    );
  if (!isJsonObject(desired) || !isJsonObject(live)) return sameScalar(type?.scalar, desired, live);
  const inside = handlingInside(type, handling);
  for (const name in desired) {
    const wanted = desired[name];
    const actual = live[name];
    if (wanted === undefined || wanted === null || wanted === actual) continue;
    if (sameMember(memberType(type, name), inside, wanted, actual)) continue;
    if (actual !== undefined || inside !== 'go' || type?.defaults?.[name] !== wanted) return false;
  }
  for (const name in live) {
    const actual = live[name];
    if (actual === undefined || actual === null || (desired[name] ?? null) !== null) continue;
    const child = memberType(type, name);
    if (isNothing(child, inside, actual)) continue;
    const fallback = inside === 'known' ? undefined : type?.defaults?.[name];
    if (fallback === undefined || !sameWhole(child, inside, fallback, actual)) return false;
  }
  return true;
}

const sameMember = (
  type: TypeSchema | undefined,
  handling: Handling,
  desired: JsonValue,
  live: JsonValue | undefined,
): boolean =>
  live === undefined || live === null
    ? isNothing(type, handling, desired)
    : sameWhole(type, handling, desired, live);
