import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** An owner as Kubernetes' garbage collector reads it. */
export interface OwnerReference extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** One entry of `metadata.managedFields`. */
export interface ManagedFieldsEntry extends JsonObject {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: JsonObject;
  readonly subresource?: string;
}

/** The part of `metadata` that Tiphys reads; whatever else an object carries stays in it. */
export interface ObjectMeta extends JsonObject {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string | null;
  readonly deletionTimestamp?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** A Kubernetes object of any kind, as raw JSON. Never mutated: objects from a store are frozen. */
export interface KubeObject extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

export interface GroupVersionKind extends GroupKind {
  readonly version: string;
}

/** `group/kind/namespace/name`; group is empty for core kinds, namespace for cluster-scoped objects. */
export type ResourceKey = string & { readonly __brand: 'ResourceKey' };

/** The parts of a `ResourceKey`. */
export interface ResourceId extends GroupKind {
  readonly namespace: string;
  readonly name: string;
}

/** The one maker of `ResourceKey`s. */
export function resourceKey(id: ResourceId): ResourceKey {
  return `${id.group}/${id.kind}/${id.namespace}/${id.name}` as ResourceKey;
}

/** Splits a key again. Names may contain no `/`, so the split is exact. */
export function parseResourceKey(key: ResourceKey): ResourceId {
  const [group = '', kind = '', namespace = '', ...name] = key.split('/');
  return { group, kind, namespace, name: name.join('/') };
}

/** The key under which an object stands in the cluster; an absent namespace is the empty string. */
export function keyOf(object: KubeObject): ResourceKey {
  return resourceKey(idOf(object));
}

export function idOf(object: KubeObject): ResourceId {
  return {
    group: groupOf(object.apiVersion),
    kind: object.kind,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name ?? '',
  };
}

/** `apps/v1` → `apps`, `v1` → ``. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** `apps/v1` → `v1`, `v1` → `v1`. */
export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

export function apiVersionOf(kind: { readonly group: string; readonly version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

export function gvkOf(object: KubeObject): GroupVersionKind {
  return {
    group: groupOf(object.apiVersion),
    version: versionOf(object.apiVersion),
    kind: object.kind,
  };
}

/** How people write an object in messages: `Deployment/web/api`, `apps` left out, or `Namespace/web`. */
export function describeResource(id: ResourceId): string {
  return [id.kind, id.namespace, id.name].filter((part) => part !== '').join('/');
}

/** True when a value has the shape every Kubernetes object has: apiVersion, kind and metadata. */
export function isKubeObject(value: JsonValue | undefined): value is KubeObject {
  return (
    isJsonObject(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isJsonObject(value['metadata'])
  );
}
