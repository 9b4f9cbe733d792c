import type { Requester } from '../../core/access/requester.ts';
import { appKey } from '../../core/app/app-key.ts';
import { instanceName } from '../../core/app/names.ts';
import { keyOf, type KubeObject } from '../../core/objects/kube-object.ts';
import { instanceOf } from '../../core/tracking/tracking.ts';
import type { ResourceTree, TreeNode } from '../../core/tree/resource-tree.ts';
import { connectDestination, type Deployed } from '../../engine/views/deployed.ts';
import type { LiveEvent } from '../../ports/live-state.ts';
import { untilAborted } from '../../runtime/keyed-lock.ts';
import { type ApplicationName, findApplication } from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';
import { findDeployed, type ResourceName } from './find-resource.ts';

/** Which nodes of a tree; what is empty leaves none out. */
export type TreeFilter = ResourceName;

export interface TreeRequest {
  readonly app: ApplicationName;
  readonly filter: TreeFilter;
}

/** What an Application deployed, as the watches tell now. Needs `get`. Errors: as `findDeployed`. */
export async function showTree(
  controlPlane: ControlPlane,
  requester: Requester,
  { app, filter }: TreeRequest,
  signal: AbortSignal,
): Promise<ResourceTree> {
  const options = { action: 'get' };
  const { deployed } = await findDeployed(controlPlane, requester, app, options, signal);
  return filtered(deployed.tree, filter);
}

/** The nodes of a tree that are meant. Hosts stay. */
export function filtered(
  { nodes, orphanedNodes, hosts }: ResourceTree,
  filter: TreeFilter,
): ResourceTree {
  const [own, orphans] = [nodes, orphanedNodes].map((list) =>
    (list ?? []).filter((node) => isMeant(node, filter)),
  );
  return {
    ...(own !== undefined && own.length > 0 && { nodes: own }),
    ...(orphans !== undefined && orphans.length > 0 && { orphanedNodes: orphans }),
    ...(hosts !== undefined && { hosts }),
  };
}

/** Whether a filter means an object of this name. */
export function isMeant(
  node: Pick<TreeNode, 'group' | 'version' | 'kind' | 'namespace' | 'name'>,
  filter: TreeFilter,
): boolean {
  return (['group', 'version', 'kind', 'namespace', 'name'] as const).every(
    (part) => filter[part] === '' || (node[part] ?? '') === filter[part],
  );
}

/** Changes that come closer together are one tree. */
const COALESCE_MS = 200;

/**
 * The tree now, and again whenever it has changed. Holds one tree, however much happens meanwhile: changes
 * come together while the reader is busy. Rights are checked anew for every tree. Ends with the signal;
 * errors: as `showTree`.
 */
export async function* watchTree(
  controlPlane: ControlPlane,
  requester: Requester,
  { app: wanted, filter }: TreeRequest,
  signal: AbortSignal,
): AsyncGenerator<ResourceTree> {
  const { ports, settings } = controlPlane;
  let shown = '';
  for (;;) {
    signal.throwIfAborted();
    const found = await findApplication(controlPlane, requester, wanted, { action: 'get' }, signal);
    const { app, project } = found;
    const cluster = await connectDestination(app, ports, signal);
    const changed = Promise.withResolvers<void>();
    const instance = instanceName(app.metadata, settings.namespace);
    const key = appKey(app.metadata.namespace, app.metadata.name);
    // Listens before it looks, so that nothing is missed in between.
    let concerns = (_event: LiveEvent): boolean => true;
    using subscriptions = new DisposableStack();
    subscriptions.use(
      cluster.live.subscribe((event) => {
        if (concerns(event)) changed.resolve();
      }),
    );
    subscriptions.use(
      ports.apps.onChange((change) => {
        if (change.key === key) changed.resolve();
      }),
    );
    const deployed = await controlPlane.views.deployed(app, project, signal);
    const tree = filtered(deployed.tree, filter);
    const text = JSON.stringify(tree);
    if (text !== shown) yield tree;
    shown = text;
    concerns = concernOf(deployed, (object) => instanceOf(object, settings.tracking) === instance);
    await untilAborted(changed.promise, signal);
    await ports.clock.sleep(COALESCE_MS, signal);
  }
}

/** Most that happens in a cluster is about others. */
function concernOf(
  { objects, app, project }: Deployed,
  isMarked: (object: KubeObject) => boolean,
): (event: LiveEvent) => boolean {
  const uids = new Set([...objects.values()].map(({ metadata }) => metadata.uid));
  const monitored =
    project.spec.orphanedResources === undefined ? '' : (app.spec.destination.namespace ?? '');
  return ({ object, previous }) =>
    objects.has(keyOf(object)) ||
    isMarked(object) ||
    (previous !== undefined && isMarked(previous)) ||
    (object.metadata.ownerReferences ?? []).some(({ uid }) => uids.has(uid)) ||
    (monitored !== '' && object.metadata.namespace === monitored);
}
