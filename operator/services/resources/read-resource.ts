import type { Requester } from '../../core/access/requester.ts';
import { hideManifests } from '../../core/app/hide-manifests.ts';
import { maskSecrets } from '../../core/diff/mask-secret.ts';
import { TiphysError } from '../../core/errors.ts';
import { describeResource, type KubeObject } from '../../core/objects/kube-object.ts';
import type { ApplicationName } from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';
import { findResource, type ResourceName } from './find-resource.ts';

/**
 * An object of an Application as the API server has it now, Secrets masked. Needs `get`. Errors: as
 * `findResource`; `KubeNotFound` when it is gone.
 */
export async function readResource(
  controlPlane: ControlPlane,
  requester: Requester,
  { app, resource }: { readonly app: ApplicationName; readonly resource: ResourceName },
  signal: AbortSignal,
): Promise<KubeObject> {
  const request = { app, resource, options: { action: 'get' } };
  const { cluster, address } = await findResource(controlPlane, requester, request, signal);
  const object = await cluster.client.get(address, signal);
  if (object === undefined)
    throw new TiphysError('KubeNotFound', `${describeResource(resource)}: is gone`);
  return showObject(object, controlPlane);
}

/** An object as it may be shown: what it is decides, not what the request called it. */
export function showObject(object: KubeObject, { ports }: Pick<ControlPlane, 'ports'>): KubeObject {
  const { sensitiveAnnotations } = ports.resources().settings;
  const [shown] = maskSecrets([hideManifests(object)] as const, sensitiveAnnotations);
  return shown;
}
