import { healthy, items, judge, notObserved, part, text, type HealthCheck } from './health.ts';

/** Degraded when its controller failed; too few Pods are no failure. */
export const podDisruptionBudget: HealthCheck = (object) => {
  const unobserved = notObserved(object);
  if (unobserved !== undefined) return unobserved;
  const conditions = items(part(object, 'status'), 'conditions');
  if (conditions.length === 0) return judge('Progressing', 'Waiting for status');
  const failed = conditions.find(
    (condition) => condition['status'] === 'False' && condition['reason'] !== 'InsufficientPods',
  );
  if (failed === undefined) return healthy;
  return judge('Degraded', `${text(failed, 'reason')}: ${text(failed, 'message')}`);
};
