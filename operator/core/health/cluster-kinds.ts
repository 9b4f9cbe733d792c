import type { KubeObject } from '../objects/kube-object.ts';
import { versionOf } from '../objects/kube-object.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import {
  conditionOf,
  healthy,
  items,
  judge,
  part,
  text,
  type HealthCheck,
  type Judgement,
} from './health.ts';

export const persistentVolumeClaim: HealthCheck = (object) => {
  switch (text(part(object, 'status'), 'phase')) {
    case 'Bound':
      return healthy;
    case 'Pending':
      return judge('Progressing');
    case 'Lost':
      return judge('Degraded');
    default:
      return judge('Unknown');
  }
};

const hasAddress = (object: KubeObject): boolean =>
  items(part(part(object, 'status'), 'loadBalancer'), 'ingress').length > 0;

export const service: HealthCheck = (object) =>
  text(part(object, 'spec'), 'type') === 'LoadBalancer' && !hasAddress(object)
    ? judge('Progressing')
    : healthy;

export const ingress: HealthCheck = (object) =>
  hasAddress(object) ? healthy : judge('Progressing');

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

export const horizontalPodAutoscaler: HealthCheck = (object) => {
  const version = versionOf(object.apiVersion);
  if (version !== 'v1' && version !== 'v2')
    return judge('Unknown', `unsupported HPA API version ${version}`);
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

export const apiService: HealthCheck = (object) => {
  const available = conditionOf(part(object, 'status'), 'Available');
  if (available === undefined) return judge('Progressing', 'Waiting to be processed');
  const message = `${text(available, 'reason')}: ${text(available, 'message')}`;
  return judge(available['status'] === 'True' ? 'Healthy' : 'Progressing', message);
};

export const customResourceDefinition: HealthCheck = (object) => {
  const status = part(object, 'status');
  const is = (type: string, value: string): JsonObject | undefined => {
    const condition = conditionOf(status, type);
    return condition?.['status'] === value ? condition : undefined;
  };
  if (is('Terminating', 'True') !== undefined) return judge('Progressing', 'CRD is terminating');
  if (items(status, 'conditions').length === 0)
    return judge('Progressing', 'Status conditions not found');
  const refused = is('NamesAccepted', 'False');
  if (refused !== undefined)
    return judge('Degraded', `CRD names have not been accepted: ${text(refused, 'message')}`);
  const structural = is('NonStructuralSchema', 'True');
  if (structural !== undefined)
    return judge('Degraded', `Schema violations found: ${text(structural, 'message')}`);
  if (is('Established', 'True') !== undefined) return judge('Healthy', 'CRD is healthy');
  const established = conditionOf(status, 'Established');
  return established?.['reason'] === 'Installing'
    ? judge('Progressing', 'CRD is being installed')
    : judge('Degraded', 'CRD is not established');
};

export const podDisruptionBudget: HealthCheck = (object) => {
  const conditions = items(part(object, 'status'), 'conditions');
  if (conditions.length === 0) return judge('Progressing', 'Waiting for status');
  const failed = conditions.find(
    (condition) => condition['status'] === 'False' && condition['reason'] !== 'InsufficientPods',
  );
  if (failed === undefined) return healthy;
  return judge('Degraded', `${text(failed, 'reason')}: ${text(failed, 'message')}`);
};

export const workflow: HealthCheck = (object) => {
  const status = part(object, 'status');
  const judged: Readonly<Record<string, Judgement['status']>> = {
    '': 'Progressing',
    Pending: 'Progressing',
    Running: 'Progressing',
    Succeeded: 'Healthy',
    Failed: 'Degraded',
    Error: 'Degraded',
  };
  return judge(judged[text(status, 'phase')] ?? 'Unknown', text(status, 'message'));
};
