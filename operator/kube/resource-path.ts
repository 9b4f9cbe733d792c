import { TiphysError } from '../core/errors.ts';
import { apiVersionOf, describeResource } from '../core/objects/kube-object.ts';
import type { ApiResource, ObjectAddress } from '../ports/kube-client.ts';

/** Path of a collection: of one namespace, or with an empty namespace of the cluster. */
export function collectionPath(resource: ApiResource, namespace: string): string {
  const root = resource.group === '' ? '/api' : '/apis';
  const scope =
    resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}/${apiVersionOf(resource)}${scope}/${resource.plural}`;
}

/**
 * Path of one object, or of one of its subresources. Refuses an address without a name or, for a
 * namespaced kind, without a namespace: such a path would mean the whole collection.
 */
export function objectPath(address: ObjectAddress, subresource?: string): string {
  const { name } = address;
  if (name === '') throw new TiphysError('KubeInvalid', `${subjectOf(address)}: it has no name`);
  const suffix = subresource === undefined ? '' : `/${subresource}`;
  return `${creationPath(address)}/${encodeURIComponent(name)}${suffix}`;
}

/** Path that an object is created under; a namespaced kind needs a namespace. */
export function creationPath(address: ObjectAddress): string {
  if (address.resource.namespaced && address.namespace === '') {
    throw new TiphysError('KubeInvalid', `${subjectOf(address)}: it has no namespace`);
  }
  return collectionPath(address.resource, address.namespace);
}

/** How messages name what a request is about: `Deployment/web/api`, `Secret/web`. */
export function subjectOf({ resource, namespace, name }: ObjectAddress): string {
  return describeResource({ group: resource.group, kind: resource.kind, namespace, name });
}

/** Query text, with `?` in front unless empty; undefined values are left out. */
export function queryOf(
  parameters: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size === 0 ? '' : `?${query}`;
}
