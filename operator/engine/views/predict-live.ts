import { builtInType } from '../../core/diff/built-in-types.ts';
import { foldStringData } from '../../core/diff/normalise.ts';
import { lastAppliedValues, threeWayMerge } from '../../core/diff/three-way.ts';
import type { ComparedResource } from '../../core/app/compared-resource.ts';
import { canonicalJson } from '../../core/objects/json.ts';
import { isKubeObject, type KubeObject } from '../../core/objects/kube-object.ts';
import type { Cluster } from '../../ports/clusters.ts';
import { sha256 } from '../../runtime/hash.ts';
import { addressOf } from '../apply-object.ts';

/** What the API server said of live objects, each forgotten with the version of the object that it was said of. */
export type Predictions = WeakMap<KubeObject, Prediction>;

interface Prediction {
  /** Whose target: others may act as somebody else. */
  readonly app: string;
  /** A commit that touches another object renders this one anew, as it was. */
  readonly targetHash: string;
  readonly fieldManager: string;
  readonly predicted: KubeObject;
}

export interface AskPredictionOptions {
  /** A name of the Application that is its alone. */
  readonly app: string;
  readonly cluster: Cluster;
  readonly fieldManager: string;
  readonly predictions: Predictions;
}

/**
 * What applying would make of an object that differs: as the API server says, in a dry run, or, where it
 * refuses or could not tell, as far as it can be told from here. What it says is remembered until desired or live is
 * another one; a refusal is asked for again, for what is refused today may be granted tomorrow. Rejects only
 * with `signal.reason`.
 */
export async function askPrediction(
  { target, live, comparison }: ComparedResource,
  { app, cluster, fieldManager, predictions }: AskPredictionOptions,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  if (target === undefined || live === undefined) return target;
  // Fields that a client-side apply still owns go with a sync, but a dry run does not show it.
  if (comparison.type !== 'different' || comparison.certain)
    return predictLocally(target, live, fieldManager);
  const asked = { app, fieldManager, targetHash: sha256(canonicalJson(target)) };
  const known = predictions.get(live);
  if (known !== undefined && isSame(known, asked)) return known.predicted;
  const apply = { fieldManager, force: true, dryRun: true };
  try {
    const address = addressOf(cluster, target);
    const predicted = await cluster.client.apply(address, foldStringData(target), apply, signal);
    predictions.set(live, { ...asked, predicted });
    return predicted;
  } catch {
    signal.throwIfAborted();
    return predictLocally(target, live, fieldManager); // the sync will meet the refusal and report it
  }
}

function isSame(known: Prediction, asked: Omit<Prediction, 'predicted'>): boolean {
  return (
    known.app === asked.app &&
    known.targetHash === asked.targetHash &&
    known.fieldManager === asked.fieldManager
  );
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
