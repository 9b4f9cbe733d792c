import { hasAddress, healthy, judge, part, text, type HealthCheck } from './health.ts';

/** Only a Service of type LoadBalancer has something to wait for: its address. */
export const service: HealthCheck = (object) =>
  text(part(object, 'spec'), 'type') === 'LoadBalancer' && !hasAddress(object)
    ? judge('Progressing')
    : healthy;
