import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { KubeClient } from '../../ports/kube-client.ts';
import { type ApplicationName, findApplication } from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';
import { findDeployed } from './find-resource.ts';

export interface EventsRequest {
  readonly app: ApplicationName;
  /** All empty: the events of the Application itself. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** More are not read: the newest matter, and Kubernetes keeps them for an hour. */
const MAX_EVENTS = 1000;

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
    const { metadata } = app;
    const about = { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid ?? '' };
    return await eventsAbout(about, controlPlane.ports.client, signal);
  }
  const { app, deployed } = await findDeployed(controlPlane, requester, wanted, options, signal);
  const object = [...deployed.objects.values()].find(
    ({ metadata }) => metadata.uid === uid && metadata.name === name && uid !== '',
  );
  if (object === undefined)
    throw new TiphysError(
      'InvalidRequest',
      `${name} ${uid} not found as part of application ${app.metadata.name}`,
      { hint: 'Name the object by resourceName and resourceUID, as its tree does.' },
    );
  const about = { namespace: object.metadata.namespace ?? '', name, uid };
  return await eventsAbout(about, deployed.cluster.client, signal);
}

async function eventsAbout(
  {
    namespace,
    name,
    uid,
  }: { readonly namespace: string; readonly name: string; readonly uid: string },
  client: KubeClient,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const fieldSelector = `involvedObject.name=${name},involvedObject.uid=${uid}`;
  // Events of what has no namespace are in this one.
  const home = namespace === '' ? 'default' : namespace;
  const events: KubeObject[] = [];
  const address = { resource: EVENTS, namespace: home, name: '' };
  for await (const page of client.list(address, { fieldSelector, limit: 500 }, signal)) {
    if (page.restarted === true) events.length = 0;
    events.push(...page.items);
    if (events.length >= MAX_EVENTS) break;
  }
  return events.slice(0, MAX_EVENTS);
}

/** Every API server has them, and no watch of ours holds them. */
const EVENTS = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  verbs: ['list'],
  subresources: [],
  preferred: true,
} as const;
