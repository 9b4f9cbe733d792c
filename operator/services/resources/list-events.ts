import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { type ApplicationName, findApplication } from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';
import { eventsOf } from '../events-of.ts';
import { findDeployed } from './find-resource.ts';

export interface EventsRequest {
  readonly app: ApplicationName;
  /** All empty: the events of the Application itself. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * The Events of an Application, or of an object in its tree, which name and uid must both name. Needs `get`.
 * Errors: as `findDeployed`; `InvalidRequest` when the object is not part of the Application.
 */
export async function listEvents(
  controlPlane: ControlPlane,
  requester: Requester,
  { app: wanted, namespace, name, uid }: EventsRequest,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const options = { action: 'get' };
  if (namespace === '' && name === '' && uid === '') {
    const { app } = await findApplication(controlPlane, requester, wanted, options, signal);
    return await eventsOf(controlPlane.ports.client, app.raw, signal);
  }
  const { app, deployed } = await findDeployed(controlPlane, requester, wanted, options, signal);
  const object = [...deployed.objects.values()].find(
    ({ metadata }) => metadata.uid === uid && metadata.name === name && uid !== '',
  );
  if (object === undefined)
    throw new TiphysError(
      'InvalidRequest',
      `${[name, uid].join(' ').trim()} not found as part of application ${app.metadata.name}`,
      { hint: 'Name the object by resourceName and resourceUID, as its tree does.' },
    );
  return await eventsOf(deployed.cluster.client, object, signal);
}
