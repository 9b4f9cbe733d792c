import type { KindActions } from './action.ts';
import { restartPods } from './restart.ts';
import { scale } from './scale.ts';

export const statefulSet: KindActions = {
  project: 'Kubernetes',
  docs: 'https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/',
  group: 'apps',
  kinds: ['StatefulSet'],
  actions: [restartPods, scale],
};
