import type { JsonObject, JsonValue } from '../objects/json.ts';
import { groupOf } from '../objects/kube-object.ts';

/** How the items of a list are told apart (`x-kubernetes-list-type`). */
export type ListType =
  | { readonly type: 'atomic' }
  | { readonly type: 'set' }
  | {
      readonly type: 'map';
      readonly keys: readonly string[];
      /** What the API server puts where an item leaves out a key. Absent: `protocol` is TCP. */
      readonly defaults?: Readonly<Record<string, JsonValue>>;
      /** The order of the items has a meaning of its own. */
      readonly isOrdered?: true;
    };

const ATOMIC: ListType = { type: 'atomic' };
const SET: ListType = { type: 'set' };
const byKeys = (...keys: readonly string[]): ListType => ({ type: 'map', keys });

/**
 * List types of the built-in kinds by the field's name, from the published OpenAPI schemas of
 * Kubernetes 1.36. Field names not in here are atomic lists. `ports` differs by what its items have.
 */
const BUILT_IN: Readonly<Record<string, ListType>> = {
  containers: byKeys('name'),
  initContainers: byKeys('name'),
  ephemeralContainers: byKeys('name'),
  volumes: byKeys('name'),
  env: byKeys('name'),
  volumeMounts: byKeys('mountPath'),
  volumeDevices: byKeys('devicePath'),
  hostAliases: byKeys('ip'),
  topologySpreadConstraints: byKeys('topologyKey', 'whenUnsatisfiable'),
  resourceClaims: byKeys('name'),
  claims: byKeys('name'),
  schedulingGates: byKeys('name'),
  webhooks: byKeys('name'),
  validations: ATOMIC,
  conditions: byKeys('type'),
  finalizers: SET,
  ownerReferences: byKeys('uid'),
};

const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apps',
  'autoscaling',
  'batch',
  'policy',
]);

/** Values the API server fills in when a list key is absent. */
const KEY_DEFAULTS: Readonly<Record<string, JsonValue>> = { protocol: 'TCP' };

/** How to match the items of the list in `field`, within an object of this apiVersion and kind. */
export function listTypeOf(
  object: { readonly apiVersion: string; readonly kind: string },
  field: string,
  sample: JsonObject | undefined,
): ListType {
  if (field === 'finalizers') return SET;
  if (field === 'ownerReferences') return byKeys('uid');
  if (!BUILT_IN_GROUPS.has(groupOf(object.apiVersion))) return ATOMIC;
  if (field === 'imagePullSecrets' && object.kind !== 'ServiceAccount') return byKeys('name');
  if (field === 'secrets' && object.kind === 'ServiceAccount') return byKeys('name');
  if (field === 'ports') {
    if (sample?.['containerPort'] !== undefined) return byKeys('containerPort', 'protocol');
    return object.kind === 'Service' ? byKeys('port', 'protocol') : ATOMIC;
  }
  return BUILT_IN[field] ?? ATOMIC;
}

/** The identity of an item in a `map` list, as text. */
export function itemKey(
  item: JsonObject,
  keys: readonly string[],
  defaults: Readonly<Record<string, JsonValue>> = KEY_DEFAULTS,
): string {
  const [first = '', second] = keys;
  // By far the most lists have one key.
  if (second === undefined) return JSON.stringify(item[first] ?? defaults[first] ?? null);
  return keys.map((key) => JSON.stringify(item[key] ?? defaults[key] ?? null)).join(',');
}

/**
 * Names that maps have which are replaced as a whole, so that a member only live has would go:
 * selectors and references. For kinds whose schema is not at hand.
 */
export const ATOMIC_NAME: RegExp = /(?:^s|S)elector$|^matchLabels$|[rR]ef(?:erence)?$/;
