import type { Requester } from '../../core/access/requester.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { RepositoryRecord } from '../../core/repository/repository-record.ts';
import type { DeepLink } from '../../core/settings/deep-links.ts';
import { forLinks } from '../../core/settings/link-variables.ts';
import type { ControlPlane } from '../control-plane.ts';
import { type RegisteredCluster, registeredClusters } from '../clusters/read-clusters.ts';
import { eventsOf } from '../events-of.ts';
import { registrations } from '../repositories/registrations.ts';
import { configuredLinks } from '../settings/configured-links.ts';
import { getProject, globalProjectsOf } from './read-project.ts';

/** A project and what it may use. Records hold secrets: show no more of them than their names. */
export interface DetailedProject {
  readonly project: KubeObject;
  readonly globalProjects: readonly KubeObject[];
  readonly repositories: readonly RepositoryRecord[];
  readonly clusters: readonly RegisteredCluster[];
}

/** A project with the clusters and repositories of its own and of everybody. Errors as `getProject`. */
export function detailedProject(
  controlPlane: ControlPlane,
  requester: Requester,
  name: string,
): DetailedProject {
  const project = getProject(controlPlane, requester, name);
  const isSeen = (owner: string) => owner === '' || owner === name;
  return {
    project,
    globalProjects: globalProjectsOf(controlPlane, requester, name),
    repositories: registrations(controlPlane, 'repository')
      .map(({ record }) => record)
      .filter((record) => isSeen(record.project)),
    clusters: registeredClusters(controlPlane).filter(({ record }) => isSeen(record.project)),
  };
}

/** The Events of a project. Errors as `getProject`. */
export async function projectEvents(
  controlPlane: ControlPlane,
  requester: Requester,
  name: string,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const project = getProject(controlPlane, requester, name);
  return await eventsOf(controlPlane.ports.client, project, signal);
}

/** The links that `argocd-cm` has for projects, as they are for one. Errors as `getProject`. */
export async function projectLinks(
  controlPlane: ControlPlane,
  requester: Requester,
  name: string,
  signal: AbortSignal,
): Promise<readonly DeepLink[]> {
  const project = getProject(controlPlane, requester, name);
  const variables = () => ({ project: forLinks(project) });
  const request = { key: 'project.links', shownFor: name, variables } as const;
  return await configuredLinks(controlPlane, request, signal);
}
