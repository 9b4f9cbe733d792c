import { isJsonObject } from '../objects/json.ts';
import { healthy, judge, part, text, type HealthCheck } from './health.ts';

/** Degraded when the last run did not succeed; a suspended one is Healthy. */
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
