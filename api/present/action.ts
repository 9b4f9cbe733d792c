import type { ActionInfo, JsonObject } from '../../operator/index.ts';

/** An action as Go writes it: what is empty or false is left out. */
export function presentAction(action: ActionInfo): JsonObject {
  const { name, params, disabled, iconClass, displayName } = action;
  return {
    name,
    ...(params.length > 0 && { params: params.map((parameter) => ({ name: parameter.name })) }),
    ...(disabled && { disabled }),
    ...(iconClass !== '' && { iconClass }),
    ...(displayName !== '' && { displayName }),
  };
}
