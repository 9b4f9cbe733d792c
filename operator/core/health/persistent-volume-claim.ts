import { healthy, judge, part, text, unknownPhase, type HealthCheck } from './health.ts';

/** Healthy when bound. */
export const persistentVolumeClaim: HealthCheck = (object) => {
  const phase = text(part(object, 'status'), 'phase');
  switch (phase) {
    case 'Bound':
      return healthy;
    case 'Pending':
      return judge('Progressing');
    case 'Lost':
      return judge('Degraded');
    default:
      return judge('Unknown', unknownPhase(phase));
  }
};
