import { jsonEqual } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { HealthStatusCode } from '../app/types.ts';
import { judge, part, text, type HealthCheck } from './health.ts';

const CODES: ReadonlySet<string> = new Set([
  'Healthy',
  'Suspended',
  'Progressing',
  'Missing',
  'Degraded',
  'Unknown',
]);

/**
 * A child Application is as healthy as its own status says, once that status speaks of the spec as
 * it is now; until then it is Progressing. This is what makes waves between children wait.
 */
export const application: HealthCheck = (object) => {
  const waitsFor = notCurrent(object);
  if (waitsFor !== undefined) return judge('Progressing', `waiting for ${waitsFor}`);
  const health = part(part(object, 'status'), 'health');
  const status = text(health, 'status');
  return CODES.has(status)
    ? judge(status as HealthStatusCode, text(health, 'message'))
    : judge('Progressing', 'waiting for the first assessment');
};

/** What the status has yet to take in, or `undefined` when it is about the spec as it stands. */
function notCurrent(object: KubeObject): string | undefined {
  const spec = part(object, 'spec');
  const status = part(object, 'status');
  const sync = part(status, 'sync');
  const compared = part(sync, 'comparedTo');
  if (text(status, 'reconciledAt') === '') return 'the first comparison';
  const multi = Array.isArray(spec['sources']) && spec['sources'].length > 0;
  const source = multi ? 'sources' : 'source';
  if (spec['sourceHydrator'] === undefined && !jsonEqual(spec[source], compared[source]))
    return 'the comparison with its new source';
  if (!jsonEqual(spec['destination'], compared['destination']))
    return 'the comparison at its new destination';
  if (object['operation'] !== undefined) return 'its sync to begin';
  const state = part(status, 'operationState');
  if (['Running', 'Terminating'].includes(text(state, 'phase'))) return 'its sync to finish';
  if (
    text(sync, 'status') === 'OutOfSync' &&
    isAutomated(object) &&
    text(state, 'phase') !== 'Failed'
  )
    return 'its automated sync';
  return undefined;
}

function isAutomated(object: KubeObject): boolean {
  const policy = part(part(object, 'spec'), 'syncPolicy');
  return policy['automated'] !== undefined && part(policy, 'automated')['enabled'] !== false;
}
