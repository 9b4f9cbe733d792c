import type { KubeObject } from '../objects/kube-object.ts';
import type { JsonObject } from '../objects/json.ts';
import {
  conditionOf,
  healthy,
  items,
  judge,
  part,
  text,
  unknownPhase,
  type HealthCheck,
  type Judgement,
} from './health.ts';

const HOOKS = ['argocd.argoproj.io/hook', 'helm.sh/hook'];
const IGNORE_POLICY = 'argocd.argoproj.io/ignore-restart-policy';

/**
 * A Pod that restarts for ever is judged by its readiness and by containers that cannot start; one
 * that is to end, by how it ended.
 */
export const pod: HealthCheck = (object) => {
  const status = part(object, 'status');
  const forever = runsForEver(object);
  if (forever) {
    const stuck = stuckContainers(status);
    if (stuck.length > 0) return judge('Degraded', stuck.join(', '));
  }
  const phase = text(status, 'phase');
  switch (phase) {
    case 'Pending':
      return judge('Progressing', text(status, 'message'));
    case 'Succeeded':
      return judge('Healthy', text(status, 'message'));
    case 'Failed':
      return failed(status);
    case 'Running':
      return forever ? running(status) : judge('Progressing', text(status, 'message'));
    default:
      return judge('Unknown', text(status, 'message') || unknownPhase(phase));
  }
};

function runsForEver(object: KubeObject): boolean {
  const policy = text(part(object, 'spec'), 'restartPolicy');
  if (policy === 'Always' || policy === '') return true; // the API server's default
  const annotations = object.metadata.annotations ?? {};
  return annotations[IGNORE_POLICY] === 'true' && !HOOKS.some((hook) => hook in annotations);
}

function containers(status: JsonObject): readonly JsonObject[] {
  return [...items(status, 'initContainerStatuses'), ...items(status, 'containerStatuses')];
}

function stuckContainers(status: JsonObject): readonly string[] {
  return containers(status).flatMap((container) => {
    const waiting = part(part(container, 'state'), 'waiting');
    const reason = text(waiting, 'reason');
    const stuck =
      reason.startsWith('Err') || reason.endsWith('Error') || reason.endsWith('BackOff');
    return stuck ? [text(waiting, 'message') || reason] : [];
  });
}

function failed(status: JsonObject): Judgement {
  const message = text(status, 'message');
  if (message !== '') return judge('Degraded', message);
  for (const container of containers(status)) {
    const ended = part(part(container, 'state'), 'terminated');
    if (Object.keys(ended).length === 0) continue;
    if (text(ended, 'message') !== '') return judge('Degraded', text(ended, 'message'));
    if (text(ended, 'reason') === 'OOMKilled') return judge('Degraded', 'OOMKilled');
    const code = ended['exitCode'];
    if (typeof code === 'number' && code !== 0)
      return judge(
        'Degraded',
        `container "${text(container, 'name')}" failed with exit code ${code}`,
      );
  }
  return judge('Degraded');
}

function running(status: JsonObject): Judgement {
  if (conditionOf(status, 'Ready')?.['status'] === 'True') return healthy;
  const restarted = items(status, 'containerStatuses').some((container) =>
    Object.keys(part(container, 'lastState')).includes('terminated'),
  );
  return judge(restarted ? 'Degraded' : 'Progressing', text(status, 'message'));
}
