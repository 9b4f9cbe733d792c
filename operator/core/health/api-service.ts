import { conditionOf, judge, part, text, type HealthCheck } from './health.ts';

/** Healthy when available. */
export const apiService: HealthCheck = (object) => {
  const available = conditionOf(part(object, 'status'), 'Available');
  if (available === undefined) return judge('Progressing', 'Waiting to be processed');
  const message = `${text(available, 'reason')}: ${text(available, 'message')}`;
  return judge(available['status'] === 'True' ? 'Healthy' : 'Progressing', message);
};
