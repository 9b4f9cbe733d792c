import { isJsonObject } from '../objects/json.ts';
import {
  count,
  healthy,
  isUnobserved,
  judge,
  numberIn,
  part,
  text,
  type HealthCheck,
} from './health.ts';

/** Healthy when all Pods are ready and of the newest revision, or as far as its partition goes. */
export const statefulSet: HealthCheck = (object) => {
  const spec = part(object, 'spec');
  const status = part(object, 'status');
  if (count(status, 'observedGeneration') === 0 || isUnobserved(object))
    return judge('Progressing', 'Waiting for statefulset spec update to be observed...');
  const wanted = numberIn(spec, 'replicas');
  const ready = count(status, 'readyReplicas');
  if (wanted !== undefined && ready < wanted)
    return judge('Progressing', `Waiting for ${wanted - ready} pods to be ready...`);
  const strategy = part(spec, 'updateStrategy');
  const type = text(strategy, 'type');
  const updated = count(status, 'updatedReplicas');
  if (type === 'RollingUpdate' && isJsonObject(strategy['rollingUpdate'])) {
    const partition = numberIn(strategy['rollingUpdate'], 'partition');
    if (wanted !== undefined && partition !== undefined && updated < wanted - partition)
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
