import { hasCode } from '../core/errors.ts';
import { lastAppliedOf } from '../core/diff/last-applied.ts';
import {
  describeResource,
  groupOf,
  gvkOf,
  idOf,
  type KubeObject,
} from '../core/objects/kube-object.ts';
import { foldStringData } from '../core/diff/normalise.ts';
import { migrateManagedFields } from '../core/diff/migrate-managed-fields.ts';
import { resourceOptions, type SyncOptions } from '../core/sync/options.ts';
import { TiphysError } from '../core/errors.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { ObjectAddress } from '../ports/kube-client.ts';

export interface ApplyRequest {
  readonly target: KubeObject;
  readonly live: KubeObject | undefined;
  readonly options: SyncOptions;
  readonly fieldManager: string;
  readonly dryRun: boolean;
}

export interface Applied {
  readonly object: KubeObject;
  /** In kubectl's words, e.g. `deployment.apps/ui serverside-applied`. */
  readonly message: string;
}

/**
 * Brings one object to its desired state and shows the result to the live store. Errors: what the
 * API server says (`Kube…`), and `KubeNotFound` when the kind does not exist.
 */
export async function applyObject(
  cluster: Cluster,
  wanted: ApplyRequest,
  signal: AbortSignal,
): Promise<Applied> {
  // What came as `stringData` would never be taken away again.
  const request = { ...wanted, target: foldStringData(wanted.target) };
  const address = addressOf(cluster, request.target);
  const own = resourceOptions(request.target);
  const live = resourceOptions(request.live);
  const replace = request.options.replace || own.has('Replace=true') || live.has('Replace=true');
  const force = request.options.force || own.has('Force=true') || live.has('Force=true');
  const applied = replace
    ? await replaceObject(cluster, address, request, force, signal)
    : await serverSideApply(cluster, address, request, force, signal);
  if (!request.dryRun) cluster.live.observe(applied.object);
  return applied;
}

/** Where an object stands on the API server; a kind that the server does not know is an error that names it. */
export function addressOf(cluster: Cluster, object: KubeObject): ObjectAddress {
  const kind = gvkOf(object);
  const resource = cluster.live.catalogue.find(kind);
  if (resource === undefined)
    throw new TiphysError(
      'KubeNotFound',
      `${describeResource(idOf(object))}: The Kubernetes API could not find ${kind.group}/${kind.kind} for requested resource ${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}. Make sure the "${kind.kind}" CRD is installed on the destination cluster.`,
      { hint: `Install the CustomResourceDefinition of ${object.apiVersion} ${kind.kind}.` },
    );
  return {
    resource,
    namespace: resource.namespaced ? (object.metadata.namespace ?? '') : '',
    name: object.metadata.name ?? '',
  };
}

async function serverSideApply(
  cluster: Cluster,
  address: ObjectAddress,
  request: ApplyRequest,
  force: boolean,
  signal: AbortSignal,
): Promise<Applied> {
  const { target, options, fieldManager, dryRun } = request;
  if (request.live !== undefined && !dryRun && options.clientSideApplyMigration)
    await takeOwnership(cluster, address, request.live, fieldManager, signal);
  const apply = { fieldManager, force: true, dryRun, ...validation(options, target) };
  const label = kubectlName(target);
  try {
    const object = await cluster.client.apply(address, target, apply, signal);
    return { object, message: `${label} serverside-applied` };
  } catch (error) {
    if (!force || request.live === undefined || !hasCode(error, 'KubeInvalid', 'KubeConflict'))
      throw error;
    return recreate(cluster, address, request, signal);
  }
}

/**
 * Moves what a client-side apply owns into our own entry, so that fields dropped from Git are
 * removed by the next apply. Guarded by resourceVersion; a lost race is left to the next sync.
 */
async function takeOwnership(
  cluster: Cluster,
  address: ObjectAddress,
  live: KubeObject,
  fieldManager: string,
  signal: AbortSignal,
): Promise<void> {
  if (lastAppliedOf(live, fieldManager).type !== 'updated') return;
  const current = await cluster.client.get(address, signal); // the store keeps only our own entries
  const patch = current && migrateManagedFields(current, fieldManager);
  if (patch === undefined) return;
  await cluster.client.patch(address, patch, { type: 'json' }, signal);
}

async function replaceObject(
  cluster: Cluster,
  address: ObjectAddress,
  request: ApplyRequest,
  force: boolean,
  signal: AbortSignal,
): Promise<Applied> {
  const { target, live, dryRun, options, fieldManager } = request;
  const write = { dryRun, fieldManager, ...validation(options, target) };
  const label = kubectlName(target);
  if (live === undefined) {
    const object = await cluster.client.create(address, target, write, signal);
    return { object, message: `${label} created` };
  }
  const isShared = target.kind === 'Namespace' || target.kind === 'CustomResourceDefinition';
  if (force && !isShared) return recreate(cluster, address, request, signal);
  const resourceVersion = live.metadata.resourceVersion;
  const guarded = {
    ...target,
    metadata: { ...target.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  };
  const object = await cluster.client.replace(address, guarded, write, signal);
  return { object, message: `${label} replaced` };
}

async function recreate(
  cluster: Cluster,
  address: ObjectAddress,
  request: ApplyRequest,
  signal: AbortSignal,
): Promise<Applied> {
  const { target, live, dryRun, fieldManager } = request;
  const uid = live?.metadata.uid;
  await cluster.client.delete(
    address,
    { propagation: 'Background', dryRun, ...(uid === undefined ? {} : { uid }) },
    signal,
  );
  const object = await cluster.client.apply(
    address,
    target,
    { fieldManager, force: true, dryRun },
    signal,
  );
  return { object, message: `${kubectlName(target)} deleted and recreated` };
}

function validation(
  options: SyncOptions,
  target: KubeObject,
): { readonly fieldValidation?: 'Ignore' } {
  const off = !options.validate || resourceOptions(target).has('Validate=false');
  return off ? { fieldValidation: 'Ignore' } : {};
}

/** `deployment.apps/ui`, as kubectl names objects. */
export function kubectlName(object: KubeObject): string {
  const group = groupOf(object.apiVersion);
  const kind = object.kind.toLowerCase();
  return `${group === '' ? kind : `${kind}.${group}`}/${object.metadata.name ?? ''}`;
}
