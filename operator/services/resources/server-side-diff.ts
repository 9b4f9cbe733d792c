import type { Requester } from '../../core/access/requester.ts';
import { hideManifests } from '../../core/app/hide-manifests.ts';
import { isSecret, maskSecrets } from '../../core/diff/mask-secret.ts';
import { foldStringData, normalise } from '../../core/diff/normalise.ts';
import { TiphysError } from '../../core/errors.ts';
import { canonicalJson, type JsonValue } from '../../core/objects/json.ts';
import {
  describeResource,
  idOf,
  isKubeObject,
  keyOf,
  type KubeObject,
} from '../../core/objects/kube-object.ts';
import { actAs } from '../../engine/act-as.ts';
import { addressOf } from '../../engine/apply-object.ts';
import type { ManagedResource } from '../../engine/views/managed-resource.ts';
import type { Cluster } from '../../ports/clusters.ts';
import { mapLimit } from '../../runtime/map-limit.ts';
import type { ApplicationName } from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';
import { findDeployed } from './find-resource.ts';
import { listManaged } from './list-managed.ts';

export interface DiffRequest {
  readonly app: ApplicationName;
  /** JSON texts of objects; none: what Git wants. */
  readonly targetManifests: readonly string[];
}

export interface ServerSideDiff {
  readonly items: readonly ManagedResource[];
  readonly modified: boolean;
}

const MAX_MANIFESTS = 100;
const EVERYTHING = { group: '', version: '', kind: '', namespace: '', name: '' };

/**
 * What applying would change, as the API server says in dry runs, with the identity that syncs of this
 * Application have. Only objects in its tree are looked at (CVE-2026-42880). Of Secrets no value counts, neither
 * live nor given: whoever sends a guess is not told whether it is right. Needs `get`.
 *
 * Errors: as `findDeployed`; `InvalidRequest` for what is no object or none of the Application, and what the API
 * server says of a dry run, of a Secret without its words.
 */
export async function serverSideDiff(
  controlPlane: ControlPlane,
  requester: Requester,
  { app: wanted, targetManifests }: DiffRequest,
  signal: AbortSignal,
): Promise<ServerSideDiff> {
  if (targetManifests.length === 0) {
    const request = { app: wanted, filter: EVERYTHING };
    const items = await listManaged(controlPlane, requester, request, signal);
    return { items, modified: items.some(({ modified }) => modified === true) };
  }
  if (targetManifests.length > MAX_MANIFESTS)
    throw new TiphysError('InvalidRequest', `targetManifests: more than ${MAX_MANIFESTS} at once`);
  const options = { action: 'get' };
  const found = await findDeployed(controlPlane, requester, wanted, options, signal);
  const { app, project, deployed } = found;
  const targets = targetManifests.map((text, index) => parse(text, index));
  const stranger = targets.find((target) => !deployed.objects.has(keyOf(target)));
  if (stranger !== undefined) {
    const { group, kind, name } = idOf(stranger);
    throw new TiphysError(
      'InvalidRequest',
      `${kind} ${group} ${name} not found as part of application ${app.metadata.name}`,
      { hint: 'See the tree of the Application.' },
    );
  }
  const { cluster } = actAs(deployed.cluster, app, project, controlPlane.ports);
  const { applyParallelism } = controlPlane.settings;
  const items = await mapLimit(
    targets,
    applyParallelism,
    (target, stop) => diffOne(target, cluster, controlPlane, stop),
    signal,
  );
  return { items, modified: items.some(({ modified }) => modified === true) };
}

function parse(text: string, index: number): KubeObject {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    // The parser quotes what it could not read, which may be a secret.
    throw new TiphysError('InvalidRequest', `targetManifests[${index}]: is not JSON`);
  }
  if (isKubeObject(value)) return value;
  throw new TiphysError('InvalidRequest', `targetManifests[${index}]: is no object of Kubernetes`);
}

async function diffOne(
  target: KubeObject,
  cluster: Cluster,
  { ports, settings }: ControlPlane,
  signal: AbortSignal,
): Promise<ManagedResource> {
  const address = addressOf(cluster, target);
  const apply = { fieldManager: settings.fieldManager, force: true, dryRun: true };
  const live = await cluster.client.get(address, signal);
  const predicted = await cluster.client
    .apply(address, foldStringData(target), apply, signal)
    .catch((error: unknown) => {
      signal.throwIfAborted();
      if (![target, live].some((side) => side !== undefined && isSecret(side))) throw error;
      const what = `${describeResource(idOf(target))}: the dry run was refused`;
      throw new TiphysError('InvalidRequest', what);
    });
  const { sensitiveAnnotations } = ports.resources().settings;
  // Masked one by one: the same value in two of them would have the same mask.
  const shown = (object: KubeObject | undefined): KubeObject | undefined =>
    maskSecrets([object && hideManifests(object)] as const, sensitiveAnnotations)[0];
  const [before, after] = [live && shown(normalise(live)), shown(normalise(predicted))];
  const { group, kind, namespace, name } = idOf(target);
  const [normalizedLiveState, predictedLiveState] = [textOf(before), textOf(after)];
  return {
    ...(group !== '' && { group }),
    kind,
    ...(namespace !== '' && { namespace }),
    name,
    targetState: textOf(shown(foldStringData(target))),
    liveState: textOf(shown(live)),
    normalizedLiveState,
    predictedLiveState,
    ...(normalizedLiveState !== predictedLiveState && { modified: true }),
  };
}

const textOf = (object: KubeObject | undefined): string =>
  object === undefined ? 'null' : canonicalJson(object);
