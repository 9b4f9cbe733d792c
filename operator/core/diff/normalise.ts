import {
  canonicalJson,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../objects/json.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';

export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** Metadata that the API server writes; desired state cannot speak about it. */
const SERVER_METADATA = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
] as const;

export interface NormaliseOptions {
  /** Of which kinds `status` is left out. Default `all`. */
  readonly ignoreStatus?: 'all' | 'crd' | 'none';
  /** Leaves out the rules of roles that the cluster aggregates from others. Default false. */
  readonly ignoreAggregatedRoles?: boolean;
}

/**
 * The part of an object that comparing is about: without server-written metadata, the last-applied
 * annotation and, by default, `status`; Secrets with `stringData` folded into `data`; the subsets of
 * Endpoints in order. Normalising twice is normalising once.
 */
export function normalise(object: KubeObject, options: NormaliseOptions = {}): KubeObject {
  const metadata: Record<string, JsonValue | undefined> = { ...object.metadata };
  for (const field of SERVER_METADATA) delete metadata[field];
  const annotations = withoutLastApplied(metadata['annotations']);
  for (const [field, members] of [
    ['annotations', annotations],
    ['labels', metadata['labels']],
  ] as const) {
    if (isJsonObject(members) && Object.keys(members).length > 0) metadata[field] = members;
    else delete metadata[field];
  }
  const normal: Writable = { ...object, metadata };
  if (isStatusIgnored(object, options.ignoreStatus)) delete normal['status'];
  return ofKind(normal as KubeObject, options);
}

type Writable = Record<string, JsonValue | undefined>;

/** Whether `status` of the object is no part of the comparison. */
export function isStatusIgnored(
  object: KubeObject,
  ignored: NormaliseOptions['ignoreStatus'] = 'all',
): boolean {
  if (ignored !== 'crd') return ignored === 'all';
  return (
    object.kind === 'CustomResourceDefinition' &&
    groupOf(object.apiVersion) === 'apiextensions.k8s.io'
  );
}

function withoutLastApplied(annotations: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(annotations) || annotations[LAST_APPLIED_ANNOTATION] === undefined)
    return annotations;
  const { [LAST_APPLIED_ANNOTATION]: _dropped, ...rest } = annotations;
  return rest;
}

function ofKind(object: KubeObject, options: NormaliseOptions): KubeObject {
  switch (object.kind) {
    case 'Secret':
      return foldStringData(object);
    case 'Endpoints':
      return object.apiVersion === 'v1' ? inOrder(object) : object;
    case 'Role':
    case 'ClusterRole':
      return withoutAggregated(object, options.ignoreAggregatedRoles === true);
    default:
      return object;
  }
}

/**
 * What the API server does with `stringData` of a Secret; a null value is an empty one. Applied so, a
 * key that is dropped later is removed: the API server never takes away what came as `stringData`.
 */
export function foldStringData(secret: KubeObject): KubeObject {
  const { stringData, data, ...rest } = secret;
  if (secret.kind !== 'Secret' || secret.apiVersion !== 'v1') return secret;
  if (!isJsonObject(stringData) && !isJsonObject(data)) return secret;
  const folded: Writable = {};
  for (const [key, value] of Object.entries(isJsonObject(data) ? data : {}))
    folded[key] = value ?? '';
  for (const [key, value] of Object.entries(isJsonObject(stringData) ? stringData : {}))
    folded[key] = typeof value === 'string' ? toBase64(value) : (value ?? '');
  return { ...rest, data: folded as JsonObject } as KubeObject;
}

function toBase64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The API server sorts the subsets of Endpoints, and what is in them, when it writes them. */
function inOrder(endpoints: KubeObject): KubeObject {
  const { subsets } = endpoints;
  if (!isJsonArray(subsets)) return endpoints;
  const sortedSubsets = subsets.map((subset) => {
    if (!isJsonObject(subset)) return subset;
    const inner: Writable = { ...subset };
    for (const field of ['addresses', 'notReadyAddresses', 'ports']) {
      const list = inner[field];
      if (isJsonArray(list))
        inner[field] = byText(field === 'ports' ? list.map(withProtocol) : list);
    }
    return inner as JsonObject;
  });
  return { ...endpoints, subsets: byText(sortedSubsets) };
}

const withProtocol = (port: JsonValue): JsonValue =>
  isJsonObject(port) && port['protocol'] === undefined ? { ...port, protocol: 'TCP' } : port;

const byText = (list: readonly JsonValue[]): readonly JsonValue[] =>
  list
    .map((value) => ({ value, text: canonicalJson(value) }))
    .sort((left, right) => (left.text < right.text ? -1 : left.text > right.text ? 1 : 0))
    .map(({ value }) => value);

function withoutAggregated(role: KubeObject, ignored: boolean): KubeObject {
  if (role['rules'] === undefined || !isAggregated(role) || !(ignored || hasNoRules(role)))
    return role;
  const { rules: _rules, ...rest } = role;
  return rest as KubeObject;
}

/**
 * Whether an object leaves its rules to a controller, which fills in those of the roles that it
 * aggregates: to have none then says nothing.
 */
export function leavesRulesToController(object: KubeObject): boolean {
  return isAggregated(object) && hasNoRules(object);
}

const isAggregated = ({ apiVersion, ...role }: KubeObject): boolean =>
  groupOf(apiVersion) === 'rbac.authorization.k8s.io' && isJsonObject(role['aggregationRule']);

const hasNoRules = ({ rules }: KubeObject): boolean =>
  rules === undefined || rules === null || (isJsonArray(rules) && rules.length === 0);
