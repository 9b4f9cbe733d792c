import { isJsonObject } from '../objects/json.ts';
import {
  conditionOf,
  count,
  healthy,
  isUnobserved,
  judge,
  part,
  text,
  type HealthCheck,
} from './health.ts';

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
  const wanted = spec['replicas'];
  const replicas = count(status, 'replicas');
  const updated = count(status, 'updatedReplicas');
  const available = count(status, 'availableReplicas');
  const waiting = (what: string) =>
    judge('Progressing', `Waiting for rollout to finish: ${what}...`);
  if (typeof wanted === 'number' && updated < wanted)
    return waiting(`${updated} out of ${wanted} new replicas have been updated`);
  if (replicas > updated)
    return waiting(`${replicas - updated} old replicas are pending termination`);
  if (available < updated)
    return waiting(`${available} of ${updated} updated replicas are available`);
  return healthy;
};

export const statefulSet: HealthCheck = (object) => {
  const spec = part(object, 'spec');
  const status = part(object, 'status');
  if (count(status, 'observedGeneration') === 0 || isUnobserved(object))
    return judge('Progressing', 'Waiting for statefulset spec update to be observed...');
  const wanted = spec['replicas'];
  const ready = count(status, 'readyReplicas');
  if (typeof wanted === 'number' && ready < wanted)
    return judge('Progressing', `Waiting for ${wanted - ready} pods to be ready...`);
  const strategy = part(spec, 'updateStrategy');
  const type = text(strategy, 'type');
  const updated = count(status, 'updatedReplicas');
  if (type === 'RollingUpdate' && isJsonObject(strategy['rollingUpdate'])) {
    const partition = strategy['rollingUpdate']['partition'];
    if (typeof wanted === 'number' && typeof partition === 'number' && updated < wanted - partition)
      return judge(
        'Progressing',
        `Waiting for partitioned roll out to finish: ${updated} out of ${wanted - partition} new pods have been updated...`,
      );
    return judge(
      'Healthy',
      `partitioned roll out complete: ${updated} new pods have been updated...`,
    );
  }
  if (type === 'OnDelete') return judge('Healthy', `statefulset has ${ready} ready pods`);
  if (text(status, 'updateRevision') !== text(status, 'currentRevision'))
    return judge(
      'Progressing',
      `waiting for statefulset rolling update to complete ${updated} pods at revision ${text(status, 'updateRevision')}...`,
    );
  return healthy;
};

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

export const replicaSet: HealthCheck = (object) => {
  const status = part(object, 'status');
  if (isUnobserved(object))
    return judge(
      'Progressing',
      'Waiting for rollout to finish: observed replica set generation less than desired generation',
    );
  const failure = conditionOf(status, 'ReplicaFailure');
  if (failure?.['status'] === 'True') return judge('Degraded', text(failure, 'message'));
  const wanted = part(object, 'spec')['replicas'];
  const available = count(status, 'availableReplicas');
  if (typeof wanted === 'number' && available < wanted)
    return judge(
      'Progressing',
      `Waiting for rollout to finish: ${available} out of ${wanted} new replicas are available...`,
    );
  return healthy;
};

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

export const cronJob: HealthCheck = (object) => {
  if (part(object, 'spec')['suspend'] === true) return judge('Healthy', 'CronJob is Suspended');
  if (!isJsonObject(object['status'])) return judge('Progressing', 'Waiting for the first status');
  const status = object['status'];
  const scheduled = text(status, 'lastScheduleTime');
  const succeeded = text(status, 'lastSuccessfulTime');
  if (scheduled === '') return judge('Healthy', 'CronJob has not been scheduled yet');
  if (succeeded === '' || (Array.isArray(status['active']) && status['active'].length > 0))
    return healthy;
  // Both are RFC 3339 in UTC with whole seconds: their order is that of their texts.
  if (succeeded < scheduled)
    return judge('Degraded', 'CronJob has not completed its last execution successfully');
  return healthy;
};
