import type { ComparedResource } from '../core/app/compared-resource.ts';
import type { OperationState, Project, ResourceResult } from '../core/app/types.ts';
import { gvkOf, idOf, resourceKey, type KubeObject } from '../core/objects/kube-object.ts';
import { permitsResource } from '../core/project/permits.ts';
import { resourceOptions } from '../core/sync/options.ts';
import {
  definedKind,
  planSync,
  taskKey,
  type SyncPlan,
  type TaskKey,
} from '../core/sync/plan-sync.ts';
import type { Targets } from '../core/sync/prepare-targets.ts';
import {
  MAX_PRUNE_ANNOTATION,
  parsePruneLimit,
  type PruneLimit,
} from '../core/sync/prune-brake.ts';
import { readPruneWaves } from '../core/sync/prune-waves.ts';
import type { Cluster } from '../ports/clusters.ts';
import { migrationManagerOf, operationOptions } from './operation-options.ts';
import type { SyncPassRequest } from './run-sync-pass.ts';

/** The ordered tasks of the operation as the world stands now. */
export function planOperation(request: SyncPassRequest): SyncPlan {
  const { app, cluster, project, state, targets, compared } = request;
  const operation = state.operation.sync ?? {};
  const namespace = app.spec.destination.namespace ?? '';
  const defined = definedKinds(targets);
  const options = operationOptions(state);
  const mayMove = migrationManagerOf(app) !== undefined && options.clientSideApplyMigration;
  const automated = state.operation.initiatedBy?.automated === true;
  return planSync({
    pairs: compared
      .filter((resource) => !resource.hook && !(automated && isContested(resource)))
      // The store keeps no entries of that manager: every object is sent, to find out.
      .map((resource) => (mayMove ? { ...resource, owned: false } : resource)),
    hooks: targets.hooks,
    operation,
    options,
    namespace,
    liveNamespace: namespace === '' ? undefined : liveNamespace(cluster, namespace),
    managedNamespaceMetadata: app.spec.syncPolicy?.managedNamespaceMetadata,
    pruneLimit: pruneLimitOf(request),
    hookDeadlineMs: request.settings.hookDeadlineMs,
    pruneWaves: readPruneWaves(state.operation),
    revision: request.revision,
    startedAtSeconds: Math.floor(Date.parse(state.startedAt) / 1000),
    attempt: state.retryCount ?? 0,
    results: readResults(state),
    live: (key) => cluster.live.get(key),
    refuse: (object) =>
      refusal(object, cluster, project, defined, options.skipDryRunOnMissingResource),
  });
}

/** What the Application says goes before what the administrator says. */
function pruneLimitOf({ app, settings }: SyncPassRequest): PruneLimit | undefined {
  const own = app.metadata.annotations[MAX_PRUNE_ANNOTATION];
  return own === undefined ? settings.pruneLimit : parsePruneLimit(own);
}

/** Two applications want it and the other has it: only a person decides between them. */
const isContested = ({ held }: ComparedResource): boolean => held?.reason === 'shared';

const liveNamespace = (cluster: Cluster, name: string) =>
  cluster.live.get(resourceKey({ group: '', kind: 'Namespace', namespace: '', name }));

function definedKinds(targets: Targets): ReadonlySet<string> {
  const kinds = new Set<string>();
  for (const target of targets.resources.values()) {
    const defined = definedKind(target);
    if (defined !== undefined) kinds.add(`${defined.group}/${defined.kind}`);
  }
  return kinds;
}

/** Why an object must not be synced: its kind is unknown and nothing in the set brings it, or the project forbids it. */
function refusal(
  object: KubeObject,
  cluster: Cluster,
  project: Project,
  defined: ReadonlySet<string>,
  skipsMissing: boolean,
): string | undefined {
  const mayBeMissing =
    skipsMissing || resourceOptions(object).has('SkipDryRunOnMissingResource=true');
  const kind = gvkOf(object);
  const resource = cluster.live.catalogue.find(kind);
  if (resource === undefined && !defined.has(`${kind.group}/${kind.kind}`) && !mayBeMissing)
    return `The Kubernetes API could not find ${kind.group}/${kind.kind} for requested resource ${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}. Make sure the "${kind.kind}" CRD is installed on the destination cluster.`;
  const id = { ...idOf(object), namespaced: resource?.namespaced ?? true };
  const verdict = permitsResource(project, id, { server: cluster.server, name: cluster.name });
  if (verdict.type === 'permitted') return undefined;
  return verdict.message;
}

/** Results of earlier passes, in the order they first ran. */
export function readResults(state: OperationState): Map<TaskKey, ResourceResult> {
  const results = new Map<TaskKey, ResourceResult>();
  for (const result of state.syncResult?.resources ?? [])
    results.set(taskKey(resourceKey(result), result.syncPhase ?? 'Sync'), result);
  return results;
}
