import type { KindActions } from './action.ts';
import { restartPods } from './restart.ts';

export const daemonSet: KindActions = {
  project: 'Kubernetes',
  docs: 'https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/',
  group: 'apps',
  kinds: ['DaemonSet'],
  actions: [restartPods],
};
