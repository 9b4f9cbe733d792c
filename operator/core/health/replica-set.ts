import {
  conditionOf,
  count,
  healthy,
  isUnobserved,
  judge,
  numberIn,
  part,
  text,
  type HealthCheck,
} from './health.ts';

/** Healthy when all replicas are available. */
export const replicaSet: HealthCheck = (object) => {
  const status = part(object, 'status');
  if (isUnobserved(object))
    return judge(
      'Progressing',
      'Waiting for rollout to finish: observed replica set generation less than desired generation',
    );
  const failure = conditionOf(status, 'ReplicaFailure');
  if (failure?.['status'] === 'True') return judge('Degraded', text(failure, 'message'));
  const wanted = numberIn(part(object, 'spec'), 'replicas');
  const available = count(status, 'availableReplicas');
  if (wanted !== undefined && available < wanted)
    return judge(
      'Progressing',
      `Waiting for rollout to finish: ${available} out of ${wanted} new replicas are available...`,
    );
  return healthy;
};
