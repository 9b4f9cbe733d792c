import type { Requester } from '../../core/access/requester.ts';
import { appKey } from '../../core/app/app-key.ts';
import { describeResource } from '../../core/objects/kube-object.ts';
import type { DeepLink } from '../../core/settings/deep-links.ts';
import { linkVariables, type LinkSubjects } from '../../core/settings/link-variables.ts';
import { findDestination } from '../../engine/admit.ts';
import { registeredClusters } from '../clusters/read-clusters.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { ResourceName } from '../resources/find-resource.ts';
import { readResource, showObject } from '../resources/read-resource.ts';
import { configuredLinks } from '../settings/configured-links.ts';
import { type ApplicationName, findApplication, type Found } from './find-application.ts';

/**
 * The links that `argocd-cm` has for Applications, as they are for one. Needs `get`. Errors: as
 * `findApplication`; never of the links, which are left out then.
 */
export async function readLinks(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  signal: AbortSignal,
): Promise<readonly DeepLink[]> {
  const found = await find(controlPlane, requester, wanted, signal);
  const variables = () => linkVariables(subjectsOf(controlPlane, found));
  const request = { key: 'application.links', shownFor: nameOf(found), variables } as const;
  return await configuredLinks(controlPlane, request, signal);
}

/**
 * The links for an object of an Application, which must be there for those that name it; what Secrets hold is
 * masked before. Errors: as `readLinks`; `InvalidRequest` when a link names the object and it is none of the Application.
 */
export async function readResourceLinks(
  controlPlane: ControlPlane,
  requester: Requester,
  { app: wanted, resource }: { readonly app: ApplicationName; readonly resource: ResourceName },
  signal: AbortSignal,
): Promise<readonly DeepLink[]> {
  const found = await find(controlPlane, requester, wanted, signal);
  const variables = async () => {
    const request = { app: wanted, resource };
    const object = await readResource(controlPlane, requester, request, signal);
    return linkVariables({ ...subjectsOf(controlPlane, found), resource: object });
  };
  const shownFor = `${describeResource(resource)} of ${nameOf(found)}`;
  return await configuredLinks(
    controlPlane,
    { key: 'resource.links', shownFor, variables },
    signal,
  );
}

function find(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  signal: AbortSignal,
): Promise<Found> {
  const options = { action: 'get', fresh: true };
  return findApplication(controlPlane, requester, wanted, options, signal);
}

function nameOf({ app: { metadata } }: Found): string {
  return appKey(metadata.namespace, metadata.name);
}

function subjectsOf(controlPlane: ControlPlane, { app, project }: Found): LinkSubjects {
  const { ports } = controlPlane;
  const destination = findDestination(app, ports.clusters.entries);
  const cluster =
    destination.type === 'unknown'
      ? undefined
      : registeredClusters(controlPlane).find(
          ({ record }) => record.server === destination.entry.server,
        );
  return {
    application: showObject(app.raw, controlPlane),
    project: ports.projects.get(project.name),
    cluster: cluster?.record,
    sensitiveAnnotations: ports.resources().settings.sensitiveAnnotations,
  };
}
