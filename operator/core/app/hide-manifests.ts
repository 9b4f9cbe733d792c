import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';

const HIDDEN = '***';

/**
 * An Application as others may see it: manifests that somebody synced instead of those in Git can hold
 * Secrets, and are hidden, in the request for an operation and in its state. Other kinds are unchanged.
 */
export function hideManifests(object: KubeObject): KubeObject {
  if (object.kind !== 'Application' || groupOf(object.apiVersion) !== 'argoproj.io') return object;
  const { status } = object;
  const state = isJsonObject(status) ? status['operationState'] : undefined;
  return {
    ...object,
    ...(isJsonObject(object['operation']) && { operation: hidden(object['operation']) }),
    ...(isJsonObject(status) &&
      isJsonObject(state) &&
      isJsonObject(state['operation']) && {
        status: { ...status, operationState: { ...state, operation: hidden(state['operation']) } },
      }),
  };
}

function hidden(operation: JsonObject): JsonObject {
  const sync: JsonValue | undefined = operation['sync'];
  if (!isJsonObject(sync) || !isJsonArray(sync['manifests'])) return operation;
  return { ...operation, sync: { ...sync, manifests: sync['manifests'].map(() => HIDDEN) } };
}
