import { builtInType } from '../../core/diff/built-in-types.ts';
import { foldStringData } from '../../core/diff/normalise.ts';
import { lastAppliedValues, threeWayMerge } from '../../core/diff/three-way.ts';
import type { ComparedResource } from '../../core/app/compared-resource.ts';
import { isKubeObject, type KubeObject } from '../../core/objects/kube-object.ts';
import type { Cluster } from '../../ports/clusters.ts';
import { addressOf } from '../apply-object.ts';

/**
 * What applying would make of an object that differs: as the API server says, in a dry run, or, where it
 * refuses or could not tell, as far as it can be told from here. Rejects only with `signal.reason`.
 */
export async function askPrediction(
  { target, live, comparison }: ComparedResource,
  cluster: Cluster,
  fieldManager: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  if (target === undefined || live === undefined) return target;
  // Fields that a client-side apply still owns go with a sync, but a dry run does not show it.
  if (comparison.type !== 'different' || comparison.certain)
    return predictLocally(target, live, fieldManager);
  const apply = { fieldManager, force: true, dryRun: true };
  try {
    const address = addressOf(cluster, target);
    return await cluster.client.apply(address, foldStringData(target), apply, signal);
  } catch {
    signal.throwIfAborted();
    return predictLocally(target, live, fieldManager); // the sync will meet the refusal and report it
  }
}

/** The merge that a client-side apply makes, with what was applied last. */
export function predictLocally(
  target: KubeObject,
  live: KubeObject,
  fieldManager: string,
): KubeObject {
  const type = builtInType(target.apiVersion, target.kind);
  const last = lastAppliedValues(live, fieldManager);
  const merged = threeWayMerge(last, foldStringData(target), live, type);
  return isKubeObject(merged) ? merged : target;
}
