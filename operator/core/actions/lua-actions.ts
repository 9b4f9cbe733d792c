import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';
import { idOf, isKubeObject, type KubeObject } from '../objects/kube-object.ts';
import type { ActionInfo, ActionParameter, ActionPlan, ActionStep } from './action.ts';
import { emptyMapNames, restoreMaps } from './restore-maps.ts';

/** What a script said, or why it cannot be understood. */
export type Understood<T> =
  | { readonly type: 'value'; readonly value: T }
  | { readonly type: 'problem'; readonly problem: string };

const problem = (text: string): { readonly type: 'problem'; readonly problem: string } => ({
  type: 'problem',
  problem: text,
});

/**
 * Reads what a discovery script returned: a table from names to `{disabled, params, iconClass,
 * displayName}`, each of which may be absent. Sorted by name, since a Lua table has no order.
 */
export function readDiscovered(result: JsonValue | undefined): Understood<readonly ActionInfo[]> {
  if (isJsonArray(result) && result.length === 0) return { type: 'value', value: [] };
  if (!isJsonObject(result)) return problem('discovery did not return a table of actions by name');
  const names = Object.keys(result).toSorted();
  return { type: 'value', value: names.map((name) => infoOf(name, result[name])) };
}

function infoOf(name: string, value: JsonValue | undefined): ActionInfo {
  const { disabled, displayName, iconClass, params } = isJsonObject(value) ? value : {};
  return {
    name,
    displayName: typeof displayName === 'string' && displayName !== '' ? displayName : name,
    iconClass: typeof iconClass === 'string' ? iconClass : '',
    disabled: disabled === true,
    params: isJsonArray(params) ? params.flatMap(parameterOf) : [],
  };
}

function parameterOf(value: JsonValue): readonly ActionParameter[] {
  const name = isJsonObject(value) ? value['name'] : undefined;
  return typeof name === 'string' ? [{ name }] : [];
}

/**
 * Reads what an action script returned for an object: the object with changes, or a list of
 * `{operation, resource}` where the operation is `create`, or `patch` for the object itself.
 */
export function readPlan(
  object: KubeObject,
  result: JsonValue | undefined,
): Understood<ActionPlan> {
  if (result === undefined) return problem('it returned nothing');
  const steps: ActionStep[] = [];
  for (const [index, entry] of (isJsonArray(result) ? result : [patchWith(result)]).entries()) {
    const step = readStep(object, entry);
    if (step.type === 'problem')
      return isJsonArray(result) ? problem(`operation ${index + 1}: ${step.problem}`) : step;
    steps.push(step.value);
  }
  if (steps.filter(({ operation }) => operation === 'patch').length > 1)
    return problem('it patches the object more than once');
  return { type: 'value', value: steps };
}

const patchWith = (resource: JsonValue): JsonValue => ({ operation: 'patch', resource });

function readStep(object: KubeObject, entry: JsonValue): Understood<ActionStep> {
  if (!isJsonObject(entry)) return problem('it is no table with an operation and a resource');
  const { operation, resource } = entry;
  if (operation !== 'patch' && operation !== 'create')
    return problem(
      typeof operation === 'string'
        ? `${JSON.stringify(operation)} is none of create and patch`
        : 'it names no operation',
    );
  const mapNames = emptyMapNames(object);
  const original = operation === 'patch' ? object : undefined;
  const restored = resource === undefined ? undefined : restoreMaps(resource, original, mapNames);
  if (!isKubeObject(restored)) return problem('the resource has no apiVersion, kind or metadata');
  const { name = '', generateName = '' } = restored.metadata;
  if (operation === 'create' && name === '' && generateName === '')
    return problem('the resource has no name');
  if (operation === 'patch' && !isSame(object, restored))
    return problem(
      'only the object that the action runs on can be patched, and its apiVersion, kind, name, namespace and uid stay',
    );
  return { type: 'value', value: { operation, object: restored } };
}

function isSame(left: KubeObject, right: KubeObject): boolean {
  const [here, there] = [idOf(left), idOf(right)];
  return (
    left.apiVersion === right.apiVersion &&
    left.metadata.uid === right.metadata.uid &&
    here.kind === there.kind &&
    here.namespace === there.namespace &&
    here.name === there.name
  );
}
