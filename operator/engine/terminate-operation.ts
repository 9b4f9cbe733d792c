import type { Application, OperationState, Project, ResourceResult } from '../core/app/types.ts';
import { describeResource, resourceKey } from '../core/objects/kube-object.ts';
import { parseSyncOptions } from '../core/sync/options.ts';
import { toTiphysError, withHint } from '../core/errors.ts';
import type { Cluster, ClusterEntry } from '../ports/clusters.ts';
import { noAside, type Aside } from '../runtime/places.ts';
import { actAs } from './act-as.ts';
import type { EnginePorts } from './ports.ts';
import { removeHook } from './release-hooks.ts';
import { timestamp } from './run-sync-pass.ts';
import { TIMED_OUT } from './settle-operation.ts';

/**
 * Ends an operation that was asked to terminate: running hooks are deleted, what was applied stays.
 * Resolves with the final state: `Failed`, or `Error` when a hook could not be deleted.
 */
export async function terminateOperation(
  app: Application,
  state: OperationState,
  where: { readonly destination: ClusterEntry; readonly project: Project; readonly aside?: Aside },
  ports: EnginePorts,
  signal: AbortSignal,
): Promise<OperationState> {
  const hooks = async (): Promise<Cluster> => {
    const { destination, aside = noAside } = where;
    const cluster = await aside(() => ports.clusters.connect(destination.server, signal));
    return actAs(cluster, app, where.project, ports).cluster;
  };
  const problems: string[] = [];
  const resources: ResourceResult[] = [];
  for (const result of state.syncResult?.resources ?? []) {
    if (result.hookType === undefined || result.hookPhase !== 'Running') {
      resources.push(result);
      continue;
    }
    const problem = await deleteHook(state, result, hooks, signal);
    if (problem !== undefined) problems.push(problem);
    resources.push({ ...result, hookPhase: 'Failed', message: 'Terminated' });
  }
  const limit = state.message?.startsWith(TIMED_OUT) ? state.message.slice(TIMED_OUT.length) : '';
  const suffix = state.message?.startsWith(TIMED_OUT)
    ? `, triggered by controller sync timeout${limit}`
    : app.metadata.deletionTimestamp === undefined
      ? ''
      : ', for the Application is being deleted';
  const message =
    problems.length === 0
      ? `Operation terminated${suffix}`
      : `Operation termination had errors${suffix}: ${problems.join('; ')}`;
  ports.logger.info(
    { app: `${app.metadata.namespace}/${app.metadata.name}` },
    'operation terminated',
  );
  return {
    ...state,
    phase: problems.length === 0 ? 'Failed' : 'Error',
    message,
    finishedAt: timestamp(ports.clock),
    syncResult: { ...state.syncResult, resources },
  };
}

async function deleteHook(
  state: OperationState,
  hook: ResourceResult,
  connect: () => Promise<Cluster>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const cluster = await connect();
    const live = cluster.live.get(resourceKey(hook));
    const { propagation } = parseSyncOptions(state.operation.sync?.syncOptions);
    if (live !== undefined) await removeHook(cluster, live, propagation, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const name = describeResource(hook);
    const message = withHint(toTiphysError(error));
    return message.startsWith(`${name}: `) ? message : `${name}: ${message}`;
  }
}
