import {
  conditionOf,
  count,
  healthy,
  isUnobserved,
  judge,
  numberIn,
  part,
  type HealthCheck,
} from './health.ts';

/** Healthy when all replicas are of the newest template and available. */
export const deployment: HealthCheck = (object) => {
  const spec = part(object, 'spec');
  const status = part(object, 'status');
  const name = object.metadata.name ?? '';
  if (spec['paused'] === true) return judge('Suspended', 'Deployment is paused');
  if (isUnobserved(object))
    return judge(
      'Progressing',
      'Waiting for rollout to finish: observed deployment generation less than desired generation',
    );
  if (conditionOf(status, 'Progressing')?.['reason'] === 'ProgressDeadlineExceeded')
    return judge('Degraded', `Deployment "${name}" exceeded its progress deadline`);
  const wanted = numberIn(spec, 'replicas');
  const replicas = count(status, 'replicas');
  const updated = count(status, 'updatedReplicas');
  const available = count(status, 'availableReplicas');
  const waiting = (what: string) =>
    judge('Progressing', `Waiting for rollout to finish: ${what}...`);
  if (wanted !== undefined && updated < wanted)
    return waiting(`${updated} out of ${wanted} new replicas have been updated`);
  if (replicas > updated)
    return waiting(`${replicas - updated} old replicas are pending termination`);
  if (available < updated)
    return waiting(`${available} of ${updated} updated replicas are available`);
  return healthy;
};
