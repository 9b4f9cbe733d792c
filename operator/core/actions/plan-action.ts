import { TiphysError } from '../errors.ts';
import { jsonEqual } from '../objects/json.ts';
import { describeResource, idOf, type KubeObject } from '../objects/kube-object.ts';
import type { ActionPlan, BuiltInAction } from './action.ts';
import { builtInActionsOf } from './built-in-actions.ts';

/**
 * What a built-in action would do to an object. What it asks for may be so already: then a patch
 * changes nothing.
 *
 * Errors: `InvalidAction` when the kind has no such action, a parameter is missing or wrong, or the
 * action makes no sense for the object as it is.
 */
export function planAction(
  object: KubeObject,
  name: string,
  parameters: Readonly<Record<string, string>>,
  { now }: { readonly now: string },
): ActionPlan {
  const action = builtInActionsOf(idOf(object)).find((one) => one.name === name);
  if (action === undefined) throw unknownAction(object, name, []);
  const refusal = action.refusal?.(object);
  // Doing once more what is done is no mistake; scripts of people count on it.
  if (refusal !== undefined) {
    const plan = (action.params ?? []).length === 0 ? action.plan(object, { now, parameters }) : [];
    if (plan.length > 0 && plan.every((step) => jsonEqual(step.object, object))) return plan;
    throw invalid(object, name, `makes no sense now: ${refusal}`);
  }
  checkParameters(object, action, parameters);
  return action.plan(object, { now, parameters });
}

/** The error for an action that nobody defines; `more` are names that scripts define. */
export function unknownAction(
  object: KubeObject,
  name: string,
  more: readonly string[],
): TiphysError {
  const known = [...more, ...builtInActionsOf(idOf(object)).map((action) => action.name)];
  const names = [...new Set(known)];
  return invalid(
    object,
    name,
    `is not known; ${names.length === 0 ? 'its kind has no actions' : `there are ${names.join(', ')}`}`,
  );
}

function checkParameters(
  object: KubeObject,
  { name, params = [] }: BuiltInAction,
  parameters: Readonly<Record<string, string>>,
): void {
  for (const rule of params) {
    const value = Object.hasOwn(parameters, rule.name) ? parameters[rule.name] : undefined;
    if (value === undefined) throw invalid(object, name, `needs the parameter ${rule.name}`);
    const problem = rule.problem(value, object);
    if (problem !== undefined)
      throw invalid(object, name, `${rule.name} ${JSON.stringify(value)} ${problem}`);
  }
}

function invalid(object: KubeObject, action: string, reason: string): TiphysError {
  const resource = describeResource(idOf(object));
  return new TiphysError('InvalidAction', `${resource}: action ${action}: ${reason}`, {
    fields: { resource, action },
  });
}
