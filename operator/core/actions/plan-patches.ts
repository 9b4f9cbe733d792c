import { isJsonObject, jsonEqual, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { mergePatch } from '../objects/merge-patch.ts';

/** One JSON merge patch of an object or of its status. */
export interface ObjectPatch {
  readonly subresource: 'status' | undefined;
  readonly patch: JsonObject;
}

/** Members of metadata that only the API server writes. */
const SERVER_OWNED = [
  ...['uid', 'resourceVersion', 'generation', 'creationTimestamp'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields', 'selfLink'],
] as const;

/**
 * The patches that turn an object into what it shall be, none when it is so already. A change of the
 * status goes to the subresource where there is one: the object itself ignores it there.
 */
export function planPatches(
  live: KubeObject,
  wanted: KubeObject,
  { hasStatus }: { readonly hasStatus: boolean },
): readonly ObjectPatch[] {
  const { status, ...rest } = mergePatch(patchable(live), patchable(wanted)) ?? {};
  const whole = hasStatus || status === undefined ? rest : { ...rest, status };
  return [
    ...(Object.keys(whole).length === 0 ? [] : [{ subresource: undefined, patch: whole }]),
    ...(hasStatus && status !== undefined
      ? [{ subresource: 'status' as const, patch: { status } }]
      : []),
  ];
}

function patchable(object: KubeObject): JsonObject {
  const metadata: Record<string, JsonValue | undefined> = { ...object.metadata };
  for (const name of SERVER_OWNED) delete metadata[name];
  return { ...object, metadata };
}

/**
 * Whether all that a merge patch writes still is in `newer` what it was in `planned`: then a patch
 * that was planned on the one means the same on the other.
 */
export function isUntouched(patch: JsonObject, planned: JsonObject, newer: JsonObject): boolean {
  return Object.entries(patch).every(([name, value]) => {
    const [before, now] = [planned[name] ?? undefined, newer[name] ?? undefined];
    // An absent map is as good as an empty one: the members that the patch writes are in neither.
    const [left, right] = [before ?? {}, now ?? {}];
    if (isJsonObject(value) && isJsonObject(left) && isJsonObject(right))
      return isUntouched(value, left, right);
    return jsonEqual(before, now);
  });
}
