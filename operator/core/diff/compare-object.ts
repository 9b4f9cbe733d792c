import { isJsonArray, isJsonObject, jsonEqual, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { goneFields, lastAppliedOf, type LastApplied } from './last-applied.ts';
import { ATOMIC_MAPS, itemKey, listTypeOf } from './list-keys.ts';
import { normalise } from './normalise.ts';
import { quantityEqual } from './quantity.ts';

/**
 * How desired and live state of one object relate.
 * - `equal` is final.
 * - `different` with `certain` is final too: fields that were dropped from desired still stand in
 *   live and a dry run would not tell (they belong to a client-side apply).
 * - `different` without `certain` is a suspicion: a dry-run apply decides.
 */
export type Comparison =
  | { readonly type: 'equal' }
  | { readonly type: 'different'; readonly paths: readonly string[]; readonly certain: boolean }
  | { readonly type: 'missing' }
  | { readonly type: 'extra' };

export interface CompareOptions {
  /** Whose earlier applies count as ours. */
  readonly fieldManager: string;
}

export const FIELD_MANAGER = 'argocd-controller';

/**
 * Would applying `desired` change a field of `live` that matters? Fields that only live has are
 * other managers' or defaults, and never differ, unless our last apply set them.
 *
 * Either side may be absent: absent live is `missing`, absent desired is `extra`. Pure; takes a few
 * microseconds for an ordinary object.
 */
export function compareObject(
  desired: KubeObject | undefined,
  live: KubeObject | undefined,
  options: CompareOptions = { fieldManager: FIELD_MANAGER },
): Comparison {
  if (live === undefined) return { type: 'missing' };
  if (desired === undefined) return { type: 'extra' };
  const wanted = normalise(desired);
  const actual = normalise(live);
  const lastApplied = lastAppliedOf(live, options.fieldManager);
  const gone = goneFields(lastApplied, wanted, actual);
  const differing: string[] = [];
  compareMembers({ object: wanted, differing }, wanted, actual, '');
  if (gone.length === 0 && differing.length === 0) return { type: 'equal' };
  return {
    type: 'different',
    paths: [...differing, ...gone],
    certain: gone.length > 0 && !serverRemoves(lastApplied),
  };
}

/** Whether a server-side apply removes what desired dropped, so that its dry run shows it. */
function serverRemoves(lastApplied: LastApplied): boolean {
  return lastApplied.type === 'applied';
}

interface Walk {
  readonly object: KubeObject;
  readonly differing: string[];
}

function compareMembers(
  walk: Walk,
  desired: { readonly [key: string]: JsonValue | undefined },
  live: { readonly [key: string]: JsonValue | undefined },
  path: string,
): void {
  for (const name in desired) {
    const wanted = desired[name];
    if (wanted === undefined || wanted === null) continue;
    const here = path === '' ? name : `${path}.${name}`;
    if (here === 'apiVersion' || here === 'metadata.namespace') continue; // part of the address
    compareValues(walk, wanted, live[name], here, name);
  }
}

function compareValues(
  walk: Walk,
  desired: JsonValue,
  live: JsonValue | undefined,
  path: string,
  field: string,
): void {
  if (desired === live) return;
  if (isJsonObject(desired) && isJsonObject(live)) {
    if (ATOMIC_MAPS.has(field) && Object.keys(live).some((key) => desired[key] === undefined))
      walk.differing.push(path);
    else compareMembers(walk, desired, live, path);
  } else if (isJsonArray(desired) && isJsonArray(live)) {
    compareLists(walk, desired, live, path, field);
  } else if (!sameScalar(desired, live, path)) {
    walk.differing.push(path);
  }
}

function compareLists(
  walk: Walk,
  desired: readonly JsonValue[],
  live: readonly JsonValue[],
  path: string,
  field: string,
): void {
  const type = listTypeOf(walk.object, field, desired.find(isJsonObject));
  switch (type.type) {
    case 'map': {
      const standing = new Map<string, JsonValue>();
      for (const item of live) if (isJsonObject(item)) standing.set(itemKey(item, type.keys), item);
      for (const item of desired) {
        if (!isJsonObject(item)) {
          walk.differing.push(path);
          return;
        }
        const key = itemKey(item, type.keys);
        compareValues(walk, item, standing.get(key), `${path}[${key}]`, '');
      }
      return;
    }
    case 'set':
      if (!desired.every((item) => live.some((standing) => jsonEqual(item, standing))))
        walk.differing.push(path);
      return;
    case 'atomic':
      // The whole list is replaced on apply, so a member that only live has would go: a suspicion,
      // as it may also be a default.
      if (!jsonEqual(desired, live)) walk.differing.push(path);
  }
}

/** Fields whose text is an amount: `1000m` is `1`. */
const AMOUNTS =
  /(^|\.)(limits|requests|capacity|hard|overhead|default|defaultRequest|max|min|maxLimitRequestRatio)\.[^.]+$|(^|\.)(sizeLimit|divisor|averageValue|value|targetAverageValue)$/;

function sameScalar(desired: JsonValue, live: JsonValue | undefined, path: string): boolean {
  if (typeof desired === 'object' || typeof live === 'object' || live === undefined) return false;
  if (typeof desired === 'boolean' || typeof live === 'boolean') return false;
  return AMOUNTS.test(path) && quantityEqual(desired, live);
}

/**
 * Whether a dry-run apply changed anything that matters: both objects as the API server returned
 * them, compared without what the server writes on every change.
 */
export function predictsChange(predicted: KubeObject, live: KubeObject): boolean {
  return !jsonEqual(normalise(predicted), normalise(live));
}
