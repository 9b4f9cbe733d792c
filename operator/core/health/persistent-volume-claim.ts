import { healthy, judge, part, text, type HealthCheck } from './health.ts';

/** Healthy when bound. */
export const persistentVolumeClaim: HealthCheck = (object) => {
  switch (text(part(object, 'status'), 'phase')) {
    case 'Bound':
      return healthy;
    case 'Pending':
      return judge('Progressing');
    case 'Lost':
      return judge('Degraded');
    default:
      return judge('Unknown');
  }
};
