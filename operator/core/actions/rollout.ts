import { isJsonArray, type JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { KindActions } from './action.ts';
import { mapIn, patchOf, specOf, statusOf, withSpec, withStatus } from './edit.ts';
import { PAUSE_ICON, RESUME_ICON } from './pausing.ts';

/** Argo Rollouts. What its kubectl plugin does, by the fields that the plugin sets. */
export const rollout: KindActions = {
  project: 'Argo Rollouts',
  docs: 'https://argo-rollouts.readthedocs.io/en/stable/generated/kubectl-argo-rollouts/kubectl-argo-rollouts/',
  group: 'argoproj.io',
  kinds: ['Rollout'],
  actions: [
    {
      name: 'restart',
      displayName: 'Restart',
      iconClass: 'fa fa-fw fa-redo',
      does: 'sets `spec.restartAt` to the time: Pods that are older are made anew',
      plan: (object, { now }) => patchOf(withSpec(object, { restartAt: now })),
    },
    {
      name: 'pause',
      displayName: 'Pause',
      iconClass: PAUSE_ICON,
      does: 'sets `spec.paused` to true',
      refusal: (object) => (specOf(object)['paused'] === true ? 'it is paused already' : undefined),
      plan: (object) => patchOf(withSpec(object, { paused: true })),
    },
    {
      name: 'resume',
      displayName: 'Resume',
      iconClass: RESUME_ICON,
      does: 'sets `spec.paused` to false and empties `status.pauseConditions`',
      refusal: (object) => (isWaiting(object) ? undefined : 'it is not paused'),
      plan: (object) => patchOf(unpaused(object)),
    },
    {
      name: 'abort',
      displayName: 'Abort',
      iconClass: 'fa fa-fw fa-times-circle',
      does: 'sets `status.abort` to true: it goes back to the stable version',
      refusal: (object) => (isAborted(object) ? 'it is aborted already' : promotedBecause(object)),
      plan: (object) => patchOf(withStatus(object, { abort: true })),
    },
    {
      name: 'retry',
      displayName: 'Retry',
      iconClass: 'fa fa-fw fa-history',
      does: 'sets `status.abort` to false: an aborted rollout begins again',
      refusal: (object) => (isAborted(object) ? undefined : 'it is not aborted'),
      plan: (object) => patchOf(isAborted(object) ? withStatus(object, { abort: false }) : object),
    },
    {
      name: 'promote-full',
      displayName: 'Promote-Full',
      iconClass: 'fa fa-fw fa-arrow-circle-up',
      does: 'sets `status.promoteFull` to true and `spec.paused` to false: all steps, analyses and pauses are skipped',
      refusal: (object) =>
        statusOf(object)['promoteFull'] === true
          ? 'it is being promoted already'
          : promotedBecause(object),
      plan: (object) => patchOf(withStatus(unpausedSpec(object), { promoteFull: true })),
    },
    {
      name: 'skip-current-step',
      displayName: 'Skip-Current-Step',
      iconClass: 'fa fa-fw fa-step-forward',
      does: 'adds 1 to `status.currentStepIndex`, sets `spec.paused` to false and empties `status.pauseConditions`',
      refusal: (object) => stepsBecause(object),
      plan: (object) =>
        patchOf(withStatus(unpaused(object), { currentStepIndex: stepOf(object) + 1 })),
    },
  ],
};

const isAborted = (object: KubeObject): boolean => statusOf(object)['abort'] === true;

function isWaiting(object: KubeObject): boolean {
  const conditions = statusOf(object)['pauseConditions'];
  return specOf(object)['paused'] === true || (isJsonArray(conditions) && conditions.length > 0);
}

function unpausedSpec(object: KubeObject): KubeObject {
  return specOf(object)['paused'] === true ? withSpec(object, { paused: false }) : object;
}

function unpaused(object: KubeObject): KubeObject {
  const spec = unpausedSpec(object);
  return 'pauseConditions' in statusOf(object)
    ? withStatus(spec, { pauseConditions: undefined })
    : spec;
}

/** All Pods are of the newest template: there is nothing on its way. */
function promotedBecause(object: KubeObject): string | undefined {
  const { stableRS, currentPodHash } = statusOf(object);
  return typeof stableRS === 'string' && stableRS !== '' && stableRS === currentPodHash
    ? 'it is fully promoted'
    : undefined;
}

const canaryOf = (object: KubeObject): JsonObject =>
  mapIn(mapIn(specOf(object), 'strategy'), 'canary');

function stepOf(object: KubeObject): number {
  const index = statusOf(object)['currentStepIndex'];
  return typeof index === 'number' ? index : 0;
}

function stepsBecause(object: KubeObject): string | undefined {
  const steps = canaryOf(object)['steps'];
  if (!isJsonArray(steps) || steps.length === 0) return 'it has no steps';
  return stepOf(object) >= steps.length ? 'all steps are done' : promotedBecause(object);
}
