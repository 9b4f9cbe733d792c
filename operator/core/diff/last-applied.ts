import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import { isKubeObject, type KubeObject, type ManagedFieldsEntry } from '../objects/kube-object.ts';
import { itemKey, listTypeOf } from './list-keys.ts';
import { LAST_APPLIED_ANNOTATION, normalise } from './normalise.ts';

/** Where the knowledge of what was applied last comes from. */
export type LastApplied =
  /** Our field manager applied it server-side: the API server removes what we drop. */
  | { readonly type: 'applied'; readonly fields: JsonObject }
  /** Somebody applied it client-side: fields we drop stay unless ownership is moved first. */
  | { readonly type: 'updated'; readonly fields: JsonObject; readonly manager: string }
  /** The annotation of `kubectl apply`, where no managed fields tell. */
  | { readonly type: 'annotation'; readonly object: KubeObject }
  | { readonly type: 'unknown' };

/** Managers whose `Update` entries stand for an earlier client-side apply of desired state. */
export const CLIENT_SIDE_MANAGERS: readonly string[] = [
  'argocd-controller',
  'kubectl-client-side-apply',
];

/** What the object's own records say was applied last by `fieldManager` or a client-side predecessor. */
export function lastAppliedOf(live: KubeObject, fieldManager: string): LastApplied {
  const entries = live.metadata.managedFields ?? [];
  const updated = entries.find(
    (entry) =>
      entry.operation === 'Update' &&
      entry.subresource === undefined &&
      CLIENT_SIDE_MANAGERS.includes(entry.manager ?? '') &&
      // `Update` by kubectl alone may be an edit; only a client-side apply leaves the annotation.
      live.metadata.annotations?.[LAST_APPLIED_ANNOTATION] !== undefined,
  );
  if (updated !== undefined)
    return { type: 'updated', fields: fieldsOf(updated), manager: updated.manager ?? '' };
  const applied = entries.find(
    (entry) => entry.operation === 'Apply' && entry.manager === fieldManager,
  );
  if (applied !== undefined) return { type: 'applied', fields: fieldsOf(applied) };
  const annotated = parseAnnotation(live);
  return annotated === undefined ? { type: 'unknown' } : { type: 'annotation', object: annotated };
}

const fieldsOf = (entry: ManagedFieldsEntry): JsonObject => entry.fieldsV1 ?? {};

function parseAnnotation(live: KubeObject): KubeObject | undefined {
  const text = live.metadata.annotations?.[LAST_APPLIED_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const object = JSON.parse(text) as JsonValue;
    return isKubeObject(object) ? normalise(object) : undefined;
  } catch {
    return undefined; // somebody else's annotation that is no JSON says nothing about desired state
  }
}

/** Fields that applying again does not remove although desired state no longer names them. */
const NEVER_GONE: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'status']);

/**
 * Paths of fields that were applied last, still stand in live, and are gone from desired. Both
 * objects are normalised. Paths read `spec.template.spec.containers[name="web"].image`.
 */
export function goneFields(
  lastApplied: LastApplied,
  desired: KubeObject,
  live: KubeObject,
): readonly string[] {
  const gone: string[] = [];
  switch (lastApplied.type) {
    case 'unknown':
      return gone;
    case 'annotation':
      goneMembers(lastApplied.object, desired, live, desired, '', gone);
      return gone;
    case 'applied':
    case 'updated':
      goneFromSet(lastApplied.fields, desired, live, '', gone);
      return gone;
  }
}

function goneFromSet(
  fields: JsonObject,
  desired: JsonValue | undefined,
  live: JsonValue | undefined,
  path: string,
  gone: string[],
): void {
  for (const [step, below] of Object.entries(fields)) {
    if (step === '.' || !isJsonObject(below)) continue;
    const name = step.slice(2);
    if (path === '' && NEVER_GONE.has(name)) continue;
    if (path === 'metadata.annotations' && name === LAST_APPLIED_ANNOTATION) continue;
    const inLive = follow(live, step);
    if (inLive === undefined) continue; // not standing any more
    const inDesired = follow(desired, step);
    const here = stepPath(path, step);
    if (inDesired !== undefined) goneFromSet(below, inDesired, inLive, here, gone);
    else if (isLeaf(below)) gone.push(here);
    else if (!isEmpty(inLive)) gone.push(here);
  }
}

const isLeaf = (fields: JsonObject): boolean => Object.keys(fields).length === 0;

const isEmpty = (value: JsonValue): boolean =>
  (isJsonArray(value) && value.length === 0) ||
  (isJsonObject(value) && Object.keys(value).length === 0);

/** One step of a fieldsV1 path: `f:` a member, `k:` an item by keys, `v:` a value in a set, `i:` an index. */
function follow(value: JsonValue | undefined, step: string): JsonValue | undefined {
  const rest = step.slice(2);
  switch (step.slice(0, 2)) {
    case 'f:':
      return isJsonObject(value) ? (value[rest] ?? undefined) : undefined;
    case 'i:':
      return isJsonArray(value) ? value[Number(rest)] : undefined;
    case 'v:':
      return isJsonArray(value) ? value.find((item) => JSON.stringify(item) === rest) : undefined;
    case 'k:': {
      if (!isJsonArray(value)) return undefined;
      const wanted = JSON.parse(rest) as JsonObject;
      const keys = Object.keys(wanted);
      const key = itemKey(wanted, keys);
      return value.find((item) => isJsonObject(item) && itemKey(item, keys) === key);
    }
    default:
      return undefined;
  }
}

function stepPath(path: string, step: string): string {
  const rest = step.slice(2);
  if (step.startsWith('f:')) return path === '' ? rest : `${path}.${rest}`;
  return `${path}[${rest}]`;
}

/** The same question asked of the last-applied annotation, which has values instead of a field set. */
function goneMembers(
  last: JsonValue,
  desired: JsonValue | undefined,
  live: JsonValue | undefined,
  root: KubeObject,
  path: string,
  gone: string[],
): void {
  if (live === undefined) return;
  if (isJsonObject(last)) {
    if (!isJsonObject(desired) || !isJsonObject(live)) return;
    for (const [name, value] of Object.entries(last)) {
      if (value === undefined || value === null || (path === '' && NEVER_GONE.has(name))) continue;
      const here = path === '' ? name : `${path}.${name}`;
      if (desired[name] !== undefined && desired[name] !== null)
        goneMembers(value, desired[name], live[name], root, here, gone);
      else if (live[name] !== undefined && !isEmpty(value)) gone.push(here);
    }
    return;
  }
  if (!isJsonArray(last) || !isJsonArray(desired) || !isJsonArray(live)) return;
  const field = path.slice(path.lastIndexOf('.') + 1).replace(/\[.*$/, '');
  const sample = last.find(isJsonObject);
  const type = listTypeOf(root, field, sample);
  if (type.type !== 'map') return; // other lists are compared as a whole
  for (const item of last.filter(isJsonObject)) {
    const key = itemKey(item, type.keys);
    const same = (candidate: JsonValue): candidate is JsonObject =>
      isJsonObject(candidate) && itemKey(candidate, type.keys) === key;
    const here = `${path}[${key}]`;
    const inLive = live.find(same);
    if (inLive === undefined) continue;
    const inDesired = desired.find(same);
    if (inDesired === undefined) gone.push(here);
    else goneMembers(item, inDesired, inLive, root, here, gone);
  }
}
