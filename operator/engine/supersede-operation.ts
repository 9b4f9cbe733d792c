import type { OperationState } from '../core/app/types.ts';
import { resourceKey } from '../core/objects/kube-object.ts';
import { decideSupersede, INTERRUPTIBLE_ANNOTATION } from '../core/sync/supersede.ts';
import { noAside } from '../runtime/places.ts';
import { manifestRequest, type LoadRequest } from './load-state.ts';
import type { EnginePorts } from './ports.ts';
import { terminateOperation } from './terminate-operation.ts';

/**
 * Ends an automated sync that has not finished when there is a newer revision, and resolves with its
 * final state; `undefined` when it goes on. `request` is for what would be synced now. When that
 * cannot be told, what runs goes on.
 */
export async function supersedeOperation(
  state: OperationState,
  request: LoadRequest,
  admission: Parameters<typeof terminateOperation>[2],
  ports: EnginePorts,
  signal: AbortSignal,
): Promise<OperationState | undefined> {
  if (state.operation.initiatedBy?.automated !== true) return undefined;
  const { app, cluster, aside = noAside } = request;
  let revisions: readonly string[];
  try {
    ({ revisions } = await aside(() =>
      ports.manifests.manifests(manifestRequest(request), signal),
    ));
  } catch {
    signal.throwIfAborted();
    return undefined; // the sync of what is known need not wait for what is broken
  }
  const decision = decideSupersede({
    state,
    revisions,
    isInterruptible: (hook) =>
      cluster.live.get(resourceKey(hook))?.metadata.annotations?.[INTERRUPTIBLE_ANNOTATION] ===
      'true',
  });
  if (decision.type === 'keep') return undefined;
  const ended = await terminateOperation(app, state, { ...admission, aside }, ports, signal);
  return ended.phase === 'Failed' ? { ...ended, message: decision.message } : ended;
}
