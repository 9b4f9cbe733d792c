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
    if (wanted === null && type?.isMap === true && inside === 'go') {
      if (actual !== '') differs(walk); // null becomes an empty text
    } else compareValues(walk, memberType(type, name), inside, wanted, actual);
    walk.path.pop();
  }
}

function handlingInside(type: TypeSchema | undefined, handling: Handling): Handling {
  if (type?.isKnown === true || handling === 'known') return 'known';
  return type?.isGo === true ? 'go' : handling;
}

/** Where a comparison is, and what it found. */
export interface Walk {
  readonly path: WalkStep[];
  readonly differing: string[];
}

const differs = ({ path, differing }: Walk): void => {
  differing.push(formatWalk(path));
};

type MapList = Extract<ListType, { type: 'map' }>;

/** A name, an item in brackets, or an item whose brackets are written when they are needed. */
export type WalkStep = string | { readonly item: JsonObject; readonly list: MapList };

/** `spec.ports[80,"TCP"].nodePort`. */
export function formatWalk(path: readonly WalkStep[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step !== 'string')
      text += `[${itemKey(step.item, step.list.keys, step.list.defaults)}]`;
    else text += text === '' || step.startsWith('[') ? step : `.${step}`;
  }
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
  return handling === 'unknown' && isAtomicByName(walk.path.at(-1));
}

const isAtomicByName = (step: WalkStep | undefined): boolean =>
  typeof step === 'string' && ATOMIC_NAME.test(step);

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
  list: MapList,
  { element, handling }: Items,
  desired: readonly JsonValue[],
  live: readonly JsonValue[],
): void {
  let standing: readonly string[] | undefined; // keys of live, for when items do not face each other
  let last = -1;
  let isInOrder = true;
  for (const [index, item] of desired.entries()) {
    if (!isJsonObject(item)) {
      if (!jsonEqual(desired, live)) differs(walk); // no items at all
      return;
    }
    let at = index;
    if (!isFacing(list, item, live[index])) {
      standing ??= live.map((own) =>
        isJsonObject(own) ? itemKey(own, list.keys, list.defaults) : '',
      );
      const key = itemKey(item, list.keys, list.defaults);
      if (standing[index] !== key) at = standing.indexOf(key);
    }
    walk.path.push({ item, list });
    compareValues(walk, element, handling, item, at < 0 ? undefined : live[at]);
    walk.path.pop();
    if (at < 0) continue;
    isInOrder &&= at > last;
    last = at;
  }
  if (list.isOrdered === true && !isInOrder) differs(walk);
}

/** Whether two items at the same place have the same keys, told without making texts of them. */
function isFacing({ keys }: MapList, item: JsonObject, other: JsonValue | undefined): boolean {
  if (!isJsonObject(other)) return false;
  for (const key of keys)
    if (typeof item[key] === 'object' || item[key] === undefined || item[key] !== other[key])
      return false;
  return true;
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
