import { conditionOf, judge, part, text, type HealthCheck } from './health.ts';

/** The presence of a condition counts, not its value, except for `Suspended`. */
export const job: HealthCheck = (object) => {
  const status = part(object, 'status');
  const failed = conditionOf(status, 'Failed');
  if (failed !== undefined) return judge('Degraded', text(failed, 'message'));
  const complete = conditionOf(status, 'Complete');
  const suspended = conditionOf(status, 'Suspended');
  if (suspended?.['status'] === 'True') return judge('Suspended', text(suspended, 'message'));
  if (complete === undefined && suspended === undefined) return judge('Progressing');
  return judge('Healthy', complete === undefined ? '' : text(complete, 'message'));
};
