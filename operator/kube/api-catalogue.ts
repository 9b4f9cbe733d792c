import { apiVersionOf } from '../core/objects/kube-object.ts';
import type { ApiCatalogue, ApiResource } from '../ports/kube-client.ts';

/**
 * Makes what was discovered searchable. `resources` stand in order of preference: of two versions
 * or two resources of one kind the first is the one that `findKind` and `find` name.
 */
export function createCatalogue(
  resources: readonly ApiResource[],
  groupVersions: readonly string[],
  incompleteGroups: ReadonlySet<string>,
): ApiCatalogue {
  const byVersion = new Map<string, ApiResource>();
  const byKind = new Map<string, ApiResource>();
  for (const resource of resources) {
    const kind = `${resource.group}/${resource.kind}`;
    const exact = `${apiVersionOf(resource)}/${resource.kind}`;
    if (!byVersion.has(exact)) byVersion.set(exact, resource);
    const known = byKind.get(kind);
    if (known === undefined || (resource.preferred && !known.preferred)) {
      byKind.set(kind, resource);
    }
  }
  const apiVersions = [...new Set([...groupVersions, ...byVersion.keys()])].sort();
  return {
    resources,
    apiVersions,
    incompleteGroups,
    find: (kind) => byVersion.get(`${apiVersionOf(kind)}/${kind.kind}`),
    findKind: ({ group, kind }) => byKind.get(`${group}/${kind}`),
  };
}
