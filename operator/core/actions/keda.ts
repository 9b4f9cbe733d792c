import type { KubeObject } from '../objects/kube-object.ts';
import type { BuiltInAction, KindActions } from './action.ts';
import { annotated, annotationOf, patchOf } from './edit.ts';
import { PAUSE_ICON, RESUME_ICON } from './pausing.ts';
import { REPLICAS } from './scale.ts';

const PAUSED = 'autoscaling.keda.sh/paused';
const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas';

const isPaused = (object: KubeObject): boolean =>
  annotationOf(object, PAUSED)?.toLowerCase() === 'true';

const isResting = (object: KubeObject): boolean =>
  isPaused(object) || annotationOf(object, PAUSED_REPLICAS) !== undefined;

const pause: BuiltInAction = {
  name: 'pause',
  displayName: 'Pause',
  iconClass: PAUSE_ICON,
  does: `sets the annotation \`${PAUSED}\` to true`,
  refusal: (object) => (isPaused(object) ? 'it is paused already' : undefined),
  plan: (object) => patchOf(annotated(object, { [PAUSED]: 'true' })),
};

const pausedReplicas: BuiltInAction = {
  name: 'paused-replicas',
  displayName: 'Pause With Replicas',
  iconClass: PAUSE_ICON,
  params: [REPLICAS],
  does: `sets the annotation \`${PAUSED_REPLICAS}\` to \`replicas\`: scales there, then rests`,
  plan: (object, { parameters }) =>
    patchOf(annotated(object, { [PAUSED_REPLICAS]: String(Number(parameters['replicas'])) })),
};

const resume: BuiltInAction = {
  name: 'resume',
  displayName: 'Resume',
  iconClass: RESUME_ICON,
  does: `removes the annotations \`${PAUSED}\` and \`${PAUSED_REPLICAS}\``,
  refusal: (object) => (isResting(object) ? undefined : 'it is not paused'),
  plan: (object) =>
    patchOf(
      isResting(object)
        ? annotated(object, { [PAUSED]: undefined, [PAUSED_REPLICAS]: undefined })
        : object,
    ),
};

export const scaledObject: KindActions = {
  project: 'KEDA',
  docs: 'https://keda.sh/docs/latest/concepts/scaling-deployments/',
  group: 'keda.sh',
  kinds: ['ScaledObject'],
  actions: [pause, pausedReplicas, resume],
};

export const scaledJob: KindActions = {
  project: 'KEDA',
  docs: 'https://keda.sh/docs/latest/concepts/scaling-jobs/',
  group: 'keda.sh',
  kinds: ['ScaledJob'],
  actions: [pause, resume],
};
