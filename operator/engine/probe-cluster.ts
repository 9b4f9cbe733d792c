import { hasCode, TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster } from '../ports/clusters.ts';
import { withDeadline } from '../runtime/deadline.ts';

const ANSWER_MS = 10_000;

/**
 * Asks the API server for anything, as what the store holds is what it told last. Whatever it answers
 * will do. Errors: `KubeUnreachable` when it does not within ten seconds.
 */
export async function probeCluster(
  cluster: Cluster,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const resource = cluster.live.catalogue.find({ group: '', version: 'v1', kind: 'Namespace' });
  if (resource === undefined) return;
  using deadline = withDeadline(signal, ANSWER_MS, clock);
  try {
    await cluster.client.get({ resource, namespace: '', name: 'default' }, deadline.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.signal.aborted)
      throw new TiphysError(
        'KubeUnreachable',
        `${cluster.server} gave no answer within ${ANSWER_MS / 1000} s`,
        { cause: error, hint: 'Check the API server and the network.' },
      );
    if (hasCode(error, 'KubeUnreachable', 'Timeout')) throw error;
  }
}
