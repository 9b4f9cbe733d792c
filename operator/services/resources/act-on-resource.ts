import type { ActionInfo } from '../../core/actions/action.ts';
import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import { describeResource, idOf, type KubeObject } from '../../core/objects/kube-object.ts';
import { listResourceActions } from '../../engine/actions/list-resource-actions.ts';
import { runResourceAction } from '../../engine/actions/run-resource-action.ts';
import type { Cluster } from '../../ports/clusters.ts';
import {
  type ApplicationName,
  findApplication,
  type Found,
} from '../applications/find-application.ts';
import { recordMutation } from '../audit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { findResource, type ResourceName } from './find-resource.ts';

interface Target {
  readonly app: ApplicationName;
  readonly resource: ResourceName;
}

/** What can be done to an object of an Application, or to the Application itself. Needs `get`. Errors: as `findResource`, `ScriptFailed`. */
export async function listActions(
  controlPlane: ControlPlane,
  requester: Requester,
  target: Target,
  signal: AbortSignal,
): Promise<readonly ActionInfo[]> {
  const { object, cluster } = await findTarget(controlPlane, requester, target, 'get', signal);
  const current = await cluster.client.get(addressIn(cluster, object), signal);
  if (current === undefined)
    throw new TiphysError('KubeNotFound', `${describeResource(target.resource)}: is gone`);
  return await listResourceActions(current, depsOf(controlPlane), signal);
}

export interface RunActionCommand extends Target {
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Runs an action on an object of an Application, or on the Application itself, with the identity that its
 * syncs have. Needs `action/group/kind/action`. Errors: as `findResource` and `runResourceAction`.
 */
export async function runAction(
  controlPlane: ControlPlane,
  requester: Requester,
  { action, parameters, ...target }: RunActionCommand,
  signal: AbortSignal,
): Promise<void> {
  const { group, kind } = target.resource;
  const needed = `action/${group}/${kind}/${action}`;
  const found = await findTarget(controlPlane, requester, target, needed, signal);
  const { clock, events } = controlPlane.ports;
  const { object, cluster, project, isOwnApplication } = found;
  await runResourceAction(
    {
      ...depsOf(controlPlane),
      ...{ live: object, action, parameters, cluster, project, isOwnApplication, clock },
    },
    signal,
  );
  const what = `ran action ${action} on ${describeResource(idOf(object))}`;
  recordMutation(events, requester, { reason: 'ResourceActionRan', object: found.app.raw, what });
}

interface FoundTarget extends Omit<Found, 'object'> {
  /** The live object, as the store holds it. */
  readonly object: KubeObject;
  readonly cluster: Cluster;
  readonly isOwnApplication: boolean;
}

async function findTarget(
  controlPlane: ControlPlane,
  requester: Requester,
  { app, resource }: Target,
  action: string,
  signal: AbortSignal,
): Promise<FoundTarget> {
  if (!isOwn(app, resource, controlPlane)) {
    const request = { app, resource, options: { action } };
    const found = await findResource(controlPlane, requester, request, signal);
    return { ...found, isOwnApplication: false };
  }
  const found = await findApplication(controlPlane, requester, app, { action }, signal);
  const { clusters } = controlPlane.ports;
  const cluster = await clusters.connect(OWN_CLUSTER, signal);
  return { ...found, object: found.app.raw, cluster, isOwnApplication: true };
}

/** Where the Applications themselves are. */
const OWN_CLUSTER = 'https://kubernetes.default.svc';

function isOwn(
  app: ApplicationName,
  { group, kind, namespace, name }: ResourceName,
  { settings }: ControlPlane,
): boolean {
  const home = app.namespace === '' ? settings.namespace : app.namespace;
  return (
    group === 'argoproj.io' && kind === 'Application' && name === app.name && namespace === home
  );
}

function addressIn({ live }: Cluster, object: KubeObject) {
  const { namespace, name, ...kind } = idOf(object);
  const resource = live.catalogue.findKind(kind);
  if (resource === undefined)
    throw new TiphysError(
      'KubeNotFound',
      `${kind.kind}/${name}: the cluster does not serve this kind`,
    );
  return { resource, namespace, name };
}

const depsOf = ({ ports }: ControlPlane) => ({
  settings: ports.resources(),
  scripts: ports.scripts,
});
