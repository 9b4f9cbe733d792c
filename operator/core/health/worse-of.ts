import type { HealthStatusCode } from '../app/types.ts';

/** From best to worst. */
export const HEALTH_ORDER: readonly HealthStatusCode[] = [
  'Healthy',
  'Suspended',
  'Progressing',
  'Missing',
  'Degraded',
  'Unknown',
];

export function isWorse(candidate: HealthStatusCode, than: HealthStatusCode): boolean {
  return HEALTH_ORDER.indexOf(candidate) > HEALTH_ORDER.indexOf(than);
}

/** The worse of two. */
export function worseOf(left: HealthStatusCode, right: HealthStatusCode): HealthStatusCode {
  return isWorse(right, left) ? right : left;
}
