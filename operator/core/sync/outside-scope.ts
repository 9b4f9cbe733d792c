import { gvkOf, type GroupVersionKind, type KubeObject } from '../objects/kube-object.ts';

/** What of a cluster may be managed. */
export interface ManagedScope {
  /** Non-empty in namespaced mode: the only namespaces. */
  readonly namespaces: readonly string[];
  /** Namespaced mode only: cluster-scoped kinds too. */
  readonly clusterResources: boolean;
}

/**
 * Why the first object that lies outside of what may be managed cannot be, in Argo CD's words;
 * undefined when all lie inside. An object without a namespace is judged elsewhere.
 */
export function outsideScope(
  objects: Iterable<KubeObject>,
  { namespaces, clusterResources }: ManagedScope,
  isNamespaced: (kind: GroupVersionKind) => boolean | undefined,
): string | undefined {
  if (namespaces.length === 0) return undefined;
  for (const object of objects) {
    const { name = '', namespace = '' } = object.metadata;
    if (isNamespaced(gvkOf(object)) === false) {
      if (!clusterResources)
        return `cluster level ${object.kind} "${name}" can not be managed when in namespaced mode`;
    } else if (namespace !== '' && !namespaces.includes(namespace))
      return `namespace "${namespace}" for ${object.kind} "${name}" is not managed`;
  }
  return undefined;
}
