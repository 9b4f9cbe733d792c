import type { ComparedResource } from '../core/app/compared-resource.ts';
import type { Application, Project } from '../core/app/types.ts';
import { compareObject, predictsChange, type Comparison } from '../core/diff/compare-object.ts';
import { lastAppliedOf } from '../core/diff/last-applied.ts';
import { normalise } from '../core/diff/normalise.ts';
import { hasCode, toTiphysError } from '../core/errors.ts';
import { assessHealth, type Health } from '../core/health/assess-health.ts';
import { canonicalJson } from '../core/objects/json.ts';
import {
  idOf,
  keyOf,
  parseResourceKey,
  type GroupKind,
  type KubeObject,
  type ResourceKey,
} from '../core/objects/kube-object.ts';
import { permitsResource } from '../core/project/permits.ts';
import { isHook } from '../core/sync/hooks.ts';
import type { Targets } from '../core/sync/prepare-targets.ts';
import { isSelfReferenced, markOf } from '../core/tracking/tracking.ts';
import type { Cluster } from '../ports/clusters.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { sha256 } from '../runtime/hash.ts';
import { addressOf } from './apply-object.ts';
import { DESCENDANT_KINDS } from './live-tree.ts';
import type { EngineSettings } from './ports.ts';

/** What earlier comparisons of one application found out; lost without harm. */
export interface CompareMemory {
  readonly local: Map<ResourceKey, LocalVerdict>;
  readonly server: Map<ResourceKey, ServerVerdict>;
  readonly health: WeakMap<KubeObject, { readonly health: Health | undefined }>;
}

interface LocalVerdict {
  readonly target: KubeObject;
  readonly live: KubeObject;
  readonly comparison: Comparison;
  readonly owned: boolean;
}

interface ServerVerdict {
  readonly target: KubeObject;
  readonly liveHash: string;
  readonly comparison: Comparison;
}

export function createCompareMemory(): CompareMemory {
  return { local: new Map(), server: new Map(), health: new WeakMap() };
}

export interface CompareRequest {
  readonly app: Application;
  readonly instance: string;
  readonly project: Project;
  readonly cluster: Cluster;
  readonly targets: Targets;
  readonly settings: EngineSettings;
  readonly memory: CompareMemory;
}

/**
 * Compares every object that Git wants or that carries this application's mark. Equal is decided
 * locally; a suspected difference costs one dry-run apply, and is remembered for as long as neither
 * side changes. Errors: `KubeUnreachable` and the like; an object that the API server would reject
 * is simply different.
 */
export async function compareApplication(
  request: CompareRequest,
  signal: AbortSignal,
): Promise<readonly ComparedResource[]> {
  const { cluster, targets, instance } = request;
  await cluster.live.ensure(kindsOf(request), signal);
  const keys = new Set(targets.resources.keys());
  for (const live of cluster.live.tracked(instance)) keys.add(keyOf(live));
  const resources: ComparedResource[] = [];
  const suspects: ComparedResource[] = [];
  for (const key of keys) {
    const resource = compareLocally(request, key);
    if (resource === undefined) continue;
    if (resource.comparison.type === 'different' && !resource.comparison.certain)
      suspects.push(resource);
    else resources.push(resource);
  }
  forget(request.memory, keys);
  const settled = await mapLimit(
    suspects,
    request.settings.applyParallelism,
    (suspect, stop) => askServer(request, suspect, stop),
    signal,
  );
  return [...resources, ...settled].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function kindsOf({ targets, cluster, instance }: CompareRequest): GroupKind[] {
  const kinds = new Map<string, GroupKind>();
  const add = ({ group, kind }: GroupKind) => kinds.set(`${group}/${kind}`, { group, kind });
  for (const key of targets.resources.keys()) add(parseResourceKey(key));
  for (const hook of targets.hooks) add(idOf(hook));
  for (const live of cluster.live.tracked(instance)) add(idOf(live));
  if ([...kinds.values()].some(({ group }) => group === 'apps' || group === 'batch'))
    for (const kind of DESCENDANT_KINDS) add(kind);
  return [...kinds.values()].filter((kind) => cluster.live.depthOf(kind) !== 'full');
}

function compareLocally(request: CompareRequest, key: ResourceKey): ComparedResource | undefined {
  const { cluster, targets, settings, instance } = request;
  const target = targets.resources.get(key);
  const live = cluster.live.get(key);
  const object = target ?? live;
  if (object === undefined) return undefined;
  if (target === undefined && targets.kept.has(key) && !isHook(object)) return undefined;
  const permitted = isPermitted(request, object);
  if (!permitted && target === undefined) return undefined; // what the project forbids is invisible
  const verdict = localVerdict(request, key, target, live);
  const mark = live === undefined ? undefined : markOf(live, settings.tracking);
  return {
    key,
    id: parseResourceKey(key),
    target,
    live,
    comparison: verdict.comparison,
    owned: verdict.owned,
    selfReferenced: live === undefined || isSelfReferenced(live, target, settings.tracking),
    hook: target === undefined && isHook(object),
    health: healthOf(request.memory, live),
    permitted,
    sharedWith: mark !== undefined && mark !== instance ? mark : undefined,
    paths: verdict.comparison.type === 'different' ? verdict.comparison.paths : [],
  };
}

function isPermitted({ project, cluster }: CompareRequest, object: KubeObject): boolean {
  const id = idOf(object);
  const namespaced = cluster.live.catalogue.findKind(id)?.namespaced ?? id.namespace !== '';
  return (
    permitsResource(project, { ...id, namespaced }, { server: cluster.server, name: cluster.name })
      .type === 'permitted'
  );
}

function localVerdict(
  { memory, settings }: CompareRequest,
  key: ResourceKey,
  target: KubeObject | undefined,
  live: KubeObject | undefined,
): { readonly comparison: Comparison; readonly owned: boolean } {
  if (target === undefined || live === undefined)
    return { comparison: compareObject(target, live), owned: false };
  const known = memory.local.get(key);
  if (known !== undefined && known.target === target && known.live === live) return known;
  const verdict: LocalVerdict = {
    target,
    live,
    comparison: compareObject(target, live, { fieldManager: settings.fieldManager }),
    owned: lastAppliedOf(live, settings.fieldManager).type === 'applied',
  };
  memory.local.set(key, verdict);
  return verdict;
}

async function askServer(
  request: CompareRequest,
  suspect: ComparedResource,
  signal: AbortSignal,
): Promise<ComparedResource> {
  const { target, live, key } = suspect;
  if (target === undefined || live === undefined) return suspect;
  const liveHash = sha256(canonicalJson(normalise(live)));
  const known = request.memory.server.get(key);
  const comparison =
    known !== undefined && known.target === target && known.liveHash === liveHash
      ? known.comparison
      : await dryRun(request, suspect, target, live, signal);
  request.memory.server.set(key, { target, liveHash, comparison });
  return { ...suspect, comparison };
}

async function dryRun(
  { cluster, settings }: CompareRequest,
  suspect: ComparedResource,
  target: KubeObject,
  live: KubeObject,
  signal: AbortSignal,
): Promise<Comparison> {
  try {
    const address = addressOf(cluster, target);
    const current =
      live.apiVersion === target.apiVersion ? live : await cluster.client.get(address, signal);
    if (current === undefined) return { type: 'missing' };
    const predicted = await cluster.client.apply(
      address,
      target,
      { fieldManager: settings.fieldManager, force: true, dryRun: true },
      signal,
    );
    return predictsChange(predicted, current) ? suspect.comparison : { type: 'equal' };
  } catch (error) {
    signal.throwIfAborted();
    // The sync will meet the same refusal and report it on the object.
    if (
      hasCode(error, 'KubeInvalid', 'KubeForbidden', 'KubeConflict', 'KubeRejected', 'KubeNotFound')
    )
      return suspect.comparison;
    throw toTiphysError(error);
  }
}

function healthOf(memory: CompareMemory, live: KubeObject | undefined): Health | undefined {
  if (live === undefined) return undefined;
  const known = memory.health.get(live);
  if (known !== undefined) return known.health;
  const health = assessHealth(live);
  memory.health.set(live, { health });
  return health;
}

/** Memory holds nothing of objects that are no longer part of the application. */
function forget(memory: CompareMemory, keys: ReadonlySet<ResourceKey>): void {
  for (const map of [memory.local, memory.server])
    for (const key of map.keys()) if (!keys.has(key)) map.delete(key);
}
