import { appKey, type AppKey } from '../core/app/app-key.ts';
import { dependenciesOf } from '../core/app/depends-on.ts';
import { isJsonObject, jsonEqual, type JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { AppChange } from '../ports/app-store.ts';

/** Which Applications wait for which. */
export interface Dependents {
  add(app: KubeObject): void;
  /** Takes in a change of an Application. */
  note(change: AppChange): void;
  /** Those that name this one in `tiphys.io/depends-on`. */
  of(key: AppKey): Iterable<AppKey>;
}

export function createDependents(): Dependents {
  const waiting = new Map<AppKey, Set<AppKey>>();
  const named = new Map<AppKey, readonly AppKey[]>();

  function set(key: AppKey, dependencies: readonly AppKey[]): void {
    for (const old of named.get(key) ?? []) waiting.get(old)?.delete(key);
    if (dependencies.length === 0) named.delete(key);
    else named.set(key, dependencies);
    for (const dependency of dependencies) {
      const keys = waiting.get(dependency) ?? new Set();
      waiting.set(dependency, keys.add(key));
    }
  }

  function add({ metadata }: KubeObject): void {
    const { namespace = '', name = '', annotations } = metadata;
    set(appKey(namespace, name), dependenciesOf(annotations, namespace));
  }

  return {
    add,
    note({ type, key, object }) {
      if (type === 'deleted') set(key, []);
      else add(object);
    },
    of: (key) => waiting.get(key) ?? [],
  };
}

/** Whether an Application changed in what others wait for: its spec, or how it is. */
export function isProgress({ object, previous }: AppChange): boolean {
  if (previous === undefined || !jsonEqual(object['spec'], previous['spec'])) return true;
  return !jsonEqual(standing(object), standing(previous));
}

function standing(app: KubeObject): JsonValue {
  const status = isJsonObject(app['status']) ? app['status'] : {};
  const { sync, health, operationState } = status;
  const phase = isJsonObject(operationState) ? operationState['phase'] : undefined;
  const code = isJsonObject(sync) ? sync['status'] : undefined;
  return [code ?? null, phase ?? null, isJsonObject(health) ? (health['status'] ?? null) : null];
}
