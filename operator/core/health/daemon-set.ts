import { count, healthy, isUnobserved, judge, part, text, type HealthCheck } from './health.ts';

/** Healthy when every node that should has an updated, available Pod. */
export const daemonSet: HealthCheck = (object) => {
  const status = part(object, 'status');
  if (isUnobserved(object))
    return judge(
      'Progressing',
      'Waiting for rollout to finish: observed daemon set generation less than desired generation',
    );
  const desired = count(status, 'desiredNumberScheduled');
  const updated = count(status, 'updatedNumberScheduled');
  const available = count(status, 'numberAvailable');
  if (text(part(part(object, 'spec'), 'updateStrategy'), 'type') === 'OnDelete')
    return judge('Healthy', `daemon set ${updated} out of ${desired} new pods have been updated`);
  if (updated < desired)
    return judge(
      'Progressing',
      `Waiting for daemon set rollout to finish: ${updated} out of ${desired} new pods have been updated...`,
    );
  if (available < desired)
    return judge(
      'Progressing',
      `Waiting for daemon set rollout to finish: ${available} of ${desired} updated pods are available...`,
    );
  return healthy;
};
