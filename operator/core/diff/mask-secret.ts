import { isJsonObject, type JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { LAST_APPLIED_ANNOTATION } from './normalise.ts';

const MASK = '++++++++';

/**
 * A pair of objects as they may be shown. In Secrets every value of `data` and `stringData` becomes
 * a mask; equal values have equal masks, so that a change still shows. Other kinds are unchanged.
 */
export function maskSecret(
  left: KubeObject,
  right: KubeObject,
): readonly [left: KubeObject, right: KubeObject] {
  if (left.kind !== 'Secret' || left.apiVersion !== 'v1') return [left, right];
  const masks = new Map<string, Map<string, string>>();
  return [mask(left, masks), mask(right, masks)];
}

function mask(secret: KubeObject, masks: Map<string, Map<string, string>>): KubeObject {
  const masked: Record<string, unknown> = { ...secret };
  for (const field of ['data', 'stringData']) {
    const values = secret[field];
    if (values === undefined) continue;
    masked[field] = isJsonObject(values) ? maskValues(values, masks) : MASK;
  }
  const annotations = secret.metadata.annotations;
  if (annotations?.[LAST_APPLIED_ANNOTATION] !== undefined)
    masked['metadata'] = {
      ...secret.metadata,
      annotations: { ...annotations, [LAST_APPLIED_ANNOTATION]: MASK },
    };
  return masked as unknown as KubeObject;
}

function maskValues(values: JsonObject, masks: Map<string, Map<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const known = masks.get(key) ?? new Map<string, string>();
      masks.set(key, known);
      const text = JSON.stringify(value) ?? '';
      const shown = known.get(text) ?? MASK + '++++'.repeat(known.size);
      known.set(text, shown);
      return [key, shown];
    }),
  );
}
