import { idOf, type KubeObject } from '../objects/kube-object.ts';
import type { ActionInfo } from './action.ts';
import { builtInActionsOf } from './built-in-actions.ts';

/** The built-in actions of an object, in the order people should see them. Total: any content is fine. */
export function discoverActions(object: KubeObject): readonly ActionInfo[] {
  return builtInActionsOf(idOf(object)).map((action) => {
    const reason = action.refusal?.(object);
    return {
      name: action.name,
      displayName: action.displayName,
      iconClass: action.iconClass,
      disabled: reason !== undefined,
      ...(reason === undefined ? {} : { reason }),
      params: (action.params ?? []).map(({ name }) => ({ name })),
    };
  });
}
