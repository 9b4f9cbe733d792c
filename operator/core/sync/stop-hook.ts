import type { JsonObject } from '../objects/json.ts';
import { groupOf, type GroupKind, type KubeObject } from '../objects/kube-object.ts';

/** What in its `spec` stops a running object of a kind, and leaves it to be looked at (ADR 0028). */
const STOPS: Readonly<Record<string, JsonObject>> = {
  'batch/Job': { activeDeadlineSeconds: 1 },
  '/Pod': { activeDeadlineSeconds: 1 },
  'argoproj.io/Workflow': { shutdown: 'Stop' }, // its exit handlers run
};

/** Whether objects of this kind can be told to stop. */
export const isStoppable = ({ group, kind }: GroupKind): boolean =>
  STOPS[`${group}/${kind}`] !== undefined;

/** The merge patch that stops this very object; `undefined` where there is none, or it was told already. */
export function stopPatch({
  apiVersion,
  kind,
  metadata,
  ...rest
}: KubeObject): JsonObject | undefined {
  const stop = STOPS[`${groupOf(apiVersion)}/${kind}`];
  if (stop === undefined) return undefined;
  const spec = (rest['spec'] ?? {}) as JsonObject;
  const isTold = Object.entries(stop).every(([field, value]) => spec[field] === value);
  return isTold ? undefined : { metadata: { uid: metadata.uid ?? '' }, spec: stop };
}
