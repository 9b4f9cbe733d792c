import type { KubeObject } from '../objects/kube-object.ts';
import type { KindActions } from './action.ts';
import { edited, mapIn, patchOf, specOf } from './edit.ts';
import { PAUSE_ICON, RESUME_ICON } from './pausing.ts';

const isPaused = (object: KubeObject): boolean =>
  mapIn(specOf(object), 'lifecycle')['desiredPhase'] === 'Paused';

const inPhase = (object: KubeObject, desiredPhase: string): KubeObject =>
  edited(object, ['spec', 'lifecycle'], { desiredPhase });

export const numaflow: KindActions = {
  project: 'Numaflow',
  docs: 'https://numaflow.numaproj.io/user-guide/reference/pipeline-operations/',
  group: 'numaflow.numaproj.io',
  kinds: ['Pipeline', 'MonoVertex'],
  actions: [
    {
      name: 'pause',
      displayName: 'Pause',
      iconClass: PAUSE_ICON,
      does: 'sets `spec.lifecycle.desiredPhase` to Paused',
      refusal: (object) => (isPaused(object) ? 'it is paused already' : undefined),
      plan: (object) => patchOf(inPhase(object, 'Paused')),
    },
    {
      name: 'unpause',
      displayName: 'Unpause',
      iconClass: RESUME_ICON,
      does: 'sets `spec.lifecycle.desiredPhase` to Running',
      refusal: (object) => (isPaused(object) ? undefined : 'it is not paused'),
      plan: (object) => patchOf(isPaused(object) ? inPhase(object, 'Running') : object),
    },
  ],
};
