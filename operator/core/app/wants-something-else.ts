import { isJsonObject, jsonEqual, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/**
 * Whether an Application object, or what is there instead, asks for other things than an earlier
 * version of it did: another spec, another operation, its deletion, or the end of what runs.
 */
export function wantsSomethingElse(before: KubeObject, now: KubeObject | undefined): boolean {
  if (before === now) return false;
  return (
    now === undefined ||
    now.metadata.uid !== before.metadata.uid ||
    now.metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
    !jsonEqual(now['spec'], before['spec']) ||
    !jsonEqual(now['operation'], before['operation']) ||
    operationPhase(now) !== operationPhase(before)
  );
}

/** Phase of the operation that runs or ran last, as it stands in the object. */
function operationPhase({ status }: KubeObject): JsonValue | undefined {
  const state = isJsonObject(status) ? status['operationState'] : undefined;
  return isJsonObject(state) ? state['phase'] : undefined;
}
