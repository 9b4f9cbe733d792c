import type { JsonValue } from '../objects/json.ts';
import { durationEqual } from './go-duration.ts';
import { quantityEqual } from './quantity.ts';
import { timestampEqual } from './timestamp.ts';
import type { ScalarType } from './type-schema.ts';

/** Whether two different scalars mean the same to a type. Without a type nothing else is the same. */
export function sameScalar(
  type: ScalarType | undefined,
  desired: JsonValue,
  live: JsonValue,
): boolean {
  if (type === undefined) return false;
  if (type === 'quantity')
    return isAmount(desired) && isAmount(live) && quantityEqual(desired, live);
  if (typeof desired !== 'string' || typeof live !== 'string') return false;
  switch (type) {
    case 'time':
      return timestampEqual(desired, live, 'second');
    case 'micro-time':
      return timestampEqual(desired, live, 'microsecond');
    case 'duration':
      return durationEqual(desired, live);
    case 'bytes':
      // Base64 may be broken into lines; the API server writes it without.
      return desired.replaceAll(/[\r\n]/g, '') === live.replaceAll(/[\r\n]/g, '');
  }
}

const isAmount = (value: JsonValue): value is string | number =>
  typeof value === 'string' || typeof value === 'number';
