import type { KnownResource } from '../objects/core-resources.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/** How AppProjects are addressed on an API server. */
export const appProjectResource: KnownResource = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'AppProject',
  plural: 'appprojects',
  namespaced: true,
  verbs: ['create', 'get', 'list', 'watch', 'patch', 'update', 'delete'],
  subresources: [],
  preferred: true,
};

/** The project that permits everything, made when a control plane has none of that name. */
export function defaultProject(namespace: string): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'default', namespace },
    spec: {
      sourceRepos: ['*'],
      destinations: [{ server: '*', namespace: '*' }],
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
    },
  };
}
