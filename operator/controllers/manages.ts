import { isJsonArray, isJsonObject, type JsonValue } from '../core/objects/json.ts';
import type { GroupKind, KubeObject } from '../core/objects/kube-object.ts';

/**
 * Whether a change in how these kinds are treated concerns an application: its status lists an object
 * of one of them, or nothing yet, so that its first comparison may be under way.
 */
export function manages(app: KubeObject, kinds: readonly GroupKind[]): boolean {
  const status = app['status'];
  const resources = isJsonObject(status) ? status['resources'] : undefined;
  if (!isJsonArray(resources)) return kinds.length > 0;
  const names = new Set(kinds.map(({ group, kind }) => `${group}/${kind}`));
  return resources.some(
    (entry) => isJsonObject(entry) && names.has(`${text(entry['group'])}/${text(entry['kind'])}`),
  );
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
