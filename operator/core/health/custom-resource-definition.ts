import { type JsonObject } from '../objects/json.ts';
import { conditionOf, items, judge, part, text, type HealthCheck } from './health.ts';

/** Healthy when its kind is served and its schema is in order. */
export const customResourceDefinition: HealthCheck = (object) => {
  const status = part(object, 'status');
  const is = (type: string, value: string): JsonObject | undefined => {
    const condition = conditionOf(status, type);
    return condition?.['status'] === value ? condition : undefined;
  };
  const { deletionTimestamp } = object.metadata;
  if (typeof deletionTimestamp === 'string' || is('Terminating', 'True') !== undefined)
    return judge('Progressing', 'CRD is terminating');
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
