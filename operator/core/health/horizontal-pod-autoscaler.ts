import { isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import { versionOf, type KubeObject } from '../objects/kube-object.ts';
import { items, judge, notObserved, part, text, type HealthCheck } from './health.ts';

const FAILED_SCALING: Readonly<Record<string, readonly string[]>> = {
  AbleToScale: ['FailedGetScale', 'FailedUpdateScale'],
  ScalingActive: [
    'FailedGetResourceMetric',
    'FailedGetObjectMetric',
    'FailedGetPodsMetric',
    'FailedGetExternalMetric',
    'FailedComputeMetricsReplicas',
    'InvalidSelector',
  ],
};

/** By its conditions; version v1 keeps them in an annotation. */
export const horizontalPodAutoscaler: HealthCheck = (object) => {
  const unobserved = notObserved(object);
  if (unobserved !== undefined) return unobserved;
  const version = versionOf(object.apiVersion);
  const conditions =
    version === 'v2' ? items(part(object, 'status'), 'conditions') : annotated(object);
  for (const condition of conditions)
    if (FAILED_SCALING[text(condition, 'type')]?.includes(text(condition, 'reason')) === true)
      return judge('Degraded', text(condition, 'message'));
  for (const condition of conditions)
    if (
      ['AbleToScale', 'ScalingLimited'].includes(text(condition, 'type')) &&
      condition['status'] === 'True'
    )
      return judge('Healthy', text(condition, 'message'));
  return judge('Progressing', 'Waiting to Autoscale');
};

function annotated(object: KubeObject): readonly JsonObject[] {
  const json = object.metadata.annotations?.['autoscaling.alpha.kubernetes.io/conditions'];
  if (json === undefined) return [];
  const value = JSON.parse(json) as JsonValue;
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
