import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import { idOf, type KubeObject, resourceKey } from '../../core/objects/kube-object.ts';
import { actAs } from '../../engine/act-as.ts';
import type { Deployed } from '../../engine/views/deployed.ts';
import type { Cluster } from '../../ports/clusters.ts';
import type { ObjectAddress } from '../../ports/kube-client.ts';
import {
  type ApplicationName,
  type Found,
  findApplication,
  type FindOptions,
} from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';

/** Which object of an Application somebody means. */
export interface ResourceName {
  readonly group: string;
  /** Empty: that of the live object. */
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** An Application, and all that it has. */
export interface FoundDeployed extends Found {
  readonly deployed: Deployed;
}

/** An object of an Application. */
export interface FoundResource extends Omit<FoundDeployed, 'object'> {
  /** As the store holds it, perhaps only its metadata. */
  readonly object: KubeObject;
  /** In the version that was asked for, if the cluster serves it. */
  readonly address: ObjectAddress;
  /** With the identity that writes of this Application have. */
  readonly cluster: Cluster;
}

/** The Application that somebody means, if they may do it, with what it has. Errors: as `findApplication`, and of the cluster. */
export async function findDeployed(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  options: FindOptions,
  signal: AbortSignal,
): Promise<FoundDeployed> {
  const found = await findApplication(controlPlane, requester, wanted, options, signal);
  const deployed = await controlPlane.views.deployed(found.app, found.project, signal);
  return { ...found, deployed };
}

export interface FindResourceRequest {
  readonly app: ApplicationName;
  readonly resource: ResourceName;
  readonly options: FindOptions;
}

/**
 * An object of an Application, if the requester may do `action` to it: one that is in its tree, and nothing
 * else in the cluster (CVE-2026-42880, CVE-2026-45737). What is done goes to the object of the tree, whatever
 * the request calls it.
 *
 * Errors: as `findApplication`; `InvalidRequest` when the object is not part of the Application.
 */
export async function findResource(
  controlPlane: ControlPlane,
  requester: Requester,
  { app: wanted, resource, options }: FindResourceRequest,
  signal: AbortSignal,
): Promise<FoundResource> {
  const found = await findDeployed(controlPlane, requester, wanted, options, signal);
  const { app, project, deployed } = found;
  const object = deployed.objects.get(resourceKey(resource));
  const { group, kind, namespace, name } = resource;
  if (object === undefined)
    throw new TiphysError(
      'InvalidRequest',
      `${kind} ${group} ${name} not found as part of application ${app.metadata.name}`,
      { hint: 'See the tree of the Application.' },
    );
  const { catalogue } = deployed.cluster.live;
  const served =
    catalogue.find({ group, kind, version: resource.version }) ?? catalogue.findKind(idOf(object));
  if (served === undefined)
    throw new TiphysError('KubeNotFound', `${kind}/${name}: the cluster does not serve this kind`);
  const { cluster } = actAs(deployed.cluster, app, project, controlPlane.ports);
  return { ...found, object, cluster, address: { resource: served, namespace, name } };
}

/** `update/apps/Deployment/ns/name`, as policies of single objects are written. */
export function fineGrained(
  verb: 'update' | 'delete',
  { group, kind, namespace, name }: ResourceName,
): string {
  return `${verb}/${group}/${kind}/${namespace}/${name}`;
}
