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
import { applyMode, mayRecreate, resourceOptions, type SyncOptions } from '../core/sync/options.ts';
import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster } from '../ports/clusters.ts';
import type { ObjectAddress } from '../ports/kube-client.ts';
import { clientSideApply } from './client-side-apply.ts';

export interface ApplyRequest {
  readonly target: KubeObject;
  readonly live: KubeObject | undefined;
  readonly options: SyncOptions;
  readonly fieldManager: string;
  readonly dryRun: boolean;
  readonly clock: Clock;
  /** In a dry run: as if the object that stands there were gone already. */
  readonly asNew?: boolean;
  /** Whose fields of an earlier client-side apply are taken over, besides kubectl's and our own. */
  readonly migrationManager?: string | undefined;
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
  const applied =
    request.asNew === true
      ? await tryAsNew(cluster, address, request, signal)
      : await write(cluster, address, request, signal);
  if (!request.dryRun) cluster.live.observe(applied.object);
  return applied;
}

async function write(
  cluster: Cluster,
  address: ObjectAddress,
  request: ApplyRequest,
  signal: AbortSignal,
): Promise<Applied> {
  const { target, live, options } = request;
  const mode = applyMode(options, target, live);
  const force = mayRecreate(options, target, live);
  if (mode === 'replace') return replaceObject(cluster, address, request, force, signal);
  try {
    return mode === 'client-side'
      ? await applyClientSide(cluster, address, request, signal)
      : await serverSideApply(cluster, address, request, signal);
  } catch (error) {
    // Server-side apply needs a schema for every field, whether validation is wanted or not.
    if (
      mode === 'server-side' &&
      isUnknownField(error) &&
      'fieldValidation' in validation(options, target)
    )
      return applyClientSide(cluster, address, request, signal);
    if (live === undefined || !hasCode(error, 'KubeInvalid', 'KubeConflict')) throw error;
    // A binding cannot be pointed at another role, and holds nothing that could be lost.
    if (!force && !/cannot change roleRef/.test(error.message)) throw error;
    return recreate(cluster, address, request, signal);
  }
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

const isUnknownField = (error: unknown): boolean =>
  error instanceof Error && /field not declared in schema/.test(error.message);

async function serverSideApply(
  cluster: Cluster,
  address: ObjectAddress,
  request: ApplyRequest,
  signal: AbortSignal,
): Promise<Applied> {
  const { target, live, options, fieldManager, dryRun } = request;
  if (live !== undefined && !dryRun && options.clientSideApplyMigration)
    await takeOwnership(cluster, address, { ...request, live }, signal);
  const apply = { fieldManager, force: true, dryRun, ...validation(options, target) };
  const object = await cluster.client.apply(address, target, apply, signal);
  return { object, message: `${kubectlName(target)} serverside-applied` };
}

async function applyClientSide(
  cluster: Cluster,
  address: ObjectAddress,
  { target, options, fieldManager, dryRun }: ApplyRequest,
  signal: AbortSignal,
): Promise<Applied> {
  const how = { fieldManager, dryRun, ...validation(options, target) };
  const { object, change } = await clientSideApply(cluster, address, target, how, signal);
  return { object, message: `${kubectlName(target)} ${change}` };
}

/**
 * Moves what a client-side apply owns into our own entry, so that fields dropped from Git are
 * removed by the next apply. Guarded by resourceVersion; a lost race is left to the next sync.
 */
async function takeOwnership(
  cluster: Cluster,
  address: ObjectAddress,
  request: ApplyRequest & { readonly live: KubeObject },
  signal: AbortSignal,
): Promise<void> {
  const { live, fieldManager, migrationManager } = request;
  const isOurs = lastAppliedOf(live, fieldManager).type !== 'updated';
  if (isOurs && migrationManager === undefined) return;
  const current = await cluster.client.get(address, signal); // the store keeps only our own entries
  const patch = current && migrateManagedFields(current, fieldManager, migrationManager);
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
  if (force) return recreate(cluster, address, request, signal);
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
  const { target, live, dryRun, clock } = request;
  if (dryRun) return tryAsNew(cluster, address, request, signal);
  const uid = live?.metadata.uid;
  await cluster.client.delete(
    address,
    { propagation: 'Background', ...(uid === undefined ? {} : { uid }) },
    signal,
  );
  await untilGone(cluster, address, uid, clock, signal);
  const { object } = await write(
    cluster,
    address,
    { ...request, live: undefined, options: { ...request.options, replace: false } },
    signal,
  );
  return { object, message: `${kubectlName(target)} deleted and recreated` };
}

/**
 * Waits until the deleted object is gone. Errors: `KubeConflict` when something holds it; the next
 * attempt makes the new one.
 */
async function untilGone(
  cluster: Cluster,
  address: ObjectAddress,
  uid: string | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let waitedMs = 0; waitedMs <= GONE_MS; waitedMs += GONE_POLL_MS) {
    const live = await cluster.client.get(address, signal);
    if (live === undefined || live.metadata.uid !== uid) return;
    await clock.sleep(GONE_POLL_MS, signal);
  }
  throw new TiphysError(
    'KubeConflict',
    `${address.resource.kind}/${address.name}: it was deleted to be made anew, and is not gone yet`,
    { hint: 'Look at its finalizers; sync again when it is gone.' },
  );
}

const GONE_MS = 10_000;
const GONE_POLL_MS = 100;

/** Whether the API server would take the object if none stood there: asked with another name. */
async function tryAsNew(
  cluster: Cluster,
  address: ObjectAddress,
  { target, live, options, fieldManager }: ApplyRequest,
  signal: AbortSignal,
): Promise<Applied> {
  const { name = '', ...metadata } = target.metadata;
  // Room for the characters that are added, within the shortest limit that names have.
  const unnamed = { ...target, metadata: { ...metadata, generateName: `${name.slice(0, 50)}-` } };
  const how = { dryRun: true, fieldManager, ...validation(options, target) };
  const object = await cluster.client.create({ ...address, name: '' }, unnamed, how, signal);
  return { object: live ?? object, message: `${kubectlName(target)} deleted and recreated` };
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
