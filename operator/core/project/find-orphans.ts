import type { Project } from '../app/types.ts';
import { compileGlob } from '../glob.ts';
import { idOf, type KubeObject, type ResourceId } from '../objects/kube-object.ts';
import { permitsKind } from './permits.ts';

export interface OrphanInput {
  readonly project: Project;
  /** What stands in the destination namespace; metadata is enough. */
  readonly objects: readonly KubeObject[];
  /** Whether the application has the object, or another application that exists. */
  readonly isManaged: (object: KubeObject) => boolean;
}

/** Every namespace has them, and nobody makes them. */
const NATURAL: readonly (Partial<ResourceId> & { readonly kind: string })[] = [
  { group: '', kind: 'Service', namespace: 'default', name: 'kubernetes' },
  { group: 'discovery.k8s.io', kind: 'EndpointSlice', namespace: 'default', name: 'kubernetes' },
  { group: '', kind: 'Endpoints', namespace: 'default', name: 'kubernetes' },
  { group: '', kind: 'ServiceAccount', name: 'default' },
  { group: '', kind: 'ConfigMap', name: 'kube-root-ca.crt' },
];

/**
 * Objects in a destination namespace that nobody manages: without an owner, of a kind that the
 * project permits, and not left out by its `orphanedResources.ignore`. Empty when the project does
 * not ask for it.
 */
export function findOrphans({ project, objects, isManaged }: OrphanInput): readonly KubeObject[] {
  const { orphanedResources } = project.spec;
  if (orphanedResources === undefined) return [];
  const ignored = (orphanedResources.ignore ?? []).map(({ group = '', kind = '', name = '' }) => {
    const matchGroup = compileGlob(group);
    const matchKind = kind === '' ? () => true : compileGlob(kind);
    const matchName = name === '' ? () => true : compileGlob(name);
    return (id: ResourceId) => matchGroup(id.group) && matchKind(id.kind) && matchName(id.name);
  });
  const ids = new Set(objects.map((object) => nameOf(idOf(object))));
  return objects.filter((object) => {
    const id = idOf(object);
    return (
      (object.metadata.ownerReferences ?? []).length === 0 &&
      !isNatural(id) &&
      !isMadeByName(id, ids) &&
      !isManaged(object) &&
      permitsKind(project, { ...id, namespaced: true }).type === 'permitted' &&
      !ignored.some((matches) => matches(id))
    );
  });
}

function isNatural(id: ResourceId): boolean {
  return NATURAL.some(({ group, kind, namespace = id.namespace, name }) => {
    return group === id.group && kind === id.kind && name === id.name && namespace === id.namespace;
  });
}

const nameOf = ({ group, kind, name }: Omit<ResourceId, 'namespace'>): string =>
  `${group}/${kind}/${name}`;

/** Some controllers tell what belongs to what by name alone. */
function isMadeByName({ group, kind, name }: ResourceId, ids: ReadonlySet<string>): boolean {
  if (group !== '') return false;
  if (kind === 'Endpoints') return ids.has(nameOf({ group: '', kind: 'Service', name }));
  if (kind !== 'PersistentVolumeClaim' || !/-\d+$/.test(name)) return false;
  // `<template>-<StatefulSet>-<number>`: both names may have dashes.
  const parts = name.split('-').slice(0, -1);
  return parts.some((_, at) => {
    const set = parts.slice(at).join('-');
    return at > 0 && ids.has(nameOf({ group: 'apps', kind: 'StatefulSet', name: set }));
  });
}
