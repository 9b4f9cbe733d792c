import type { KindActions } from './action.ts';
import { specOf } from './edit.ts';
import { pauseActions } from './pausing.ts';
import { restartPods } from './restart.ts';
import { scale } from './scale.ts';

export const deployment: KindActions = {
  project: 'Kubernetes',
  docs: 'https://kubernetes.io/docs/concepts/workloads/controllers/deployment/',
  group: 'apps',
  kinds: ['Deployment'],
  actions: [
    {
      ...restartPods,
      // A paused Deployment rolls nothing out; kubectl refuses it too.
      refusal: (object) =>
        specOf(object)['paused'] === true ? 'it is paused: resume it first' : undefined,
    },
    ...pauseActions('paused', { off: 'pause', offDisplayName: 'Pause' }),
    scale,
  ],
};
