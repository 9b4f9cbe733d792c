import { hasAddress, healthy, judge, type HealthCheck } from './health.ts';

/** Healthy when it has an address. */
export const ingress: HealthCheck = (object) =>
  hasAddress(object) ? healthy : judge('Progressing');
